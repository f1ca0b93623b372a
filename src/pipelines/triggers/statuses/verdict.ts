import type { House, PipelineRun } from "../../../stage.ts";
import type { Database } from "../../../storage/database.ts";
import type { Firing, Trigger } from "../types.ts";
import type { Verdict } from "./hosts.ts";
import { queueStatus } from "./status-store.ts";

/** GitHub takes no more of a description. */
const longestDescription = 140;

const verdicts: Readonly<Record<PipelineRun["state"], Verdict>> = { running: "pending", succeeded: "success", stopped: "failure", failed: "error" };

/** Writes down, in the transaction of the change itself, what the host of a commit is to be told of it; nothing where the trigger tells none. */
export async function tellOf(transaction: Database, trigger: Trigger | undefined, firing: Firing, what: { readonly state: PipelineRun["state"]; readonly sentence: string }, now: number): Promise<void> {
  const commit = firing.details["commit"];
  if (trigger?.config.on.kind !== "git" || trigger.config.on.status === null || typeof commit !== "string") return;
  const mark = ` (${firing.id})`;
  const sentence = what.sentence.replaceAll(/\s+/g, " ");
  const most = longestDescription - mark.length;
  const description = `${sentence.length > most ? `${sentence.slice(0, most - 1)}…` : sentence}${mark}`;
  await queueStatus(transaction, { firing: firing.id, trigger_name: trigger.name, commit_name: commit, verdict: verdicts[what.state], description }, now);
}

/** What a run came to, in a sentence, as its definition says it. */
export const sentenceOf = (house: House, trigger: Trigger | undefined, run: PipelineRun): string => (trigger && house.definitions.get(trigger.definition)?.verdict?.(run)) ?? run.reason ?? run.state;
