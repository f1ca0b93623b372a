import { randomUUID } from "node:crypto";
import { writeTogether } from "../storage/group-commit.ts";
import { announceRun } from "../tracking/changes.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { createRun, setRunLifecycle, updateRun } from "../tracking/runs.ts";
import { runInfoMessage, runMessage } from "./entity-messages.ts";
import { checkKey } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { integer, keyValue, list, missingValue, oneOf, orElse, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";

const path = "2.0/mlflow/runs";

/** A run by either of its two names; clients send both. */
export const runFields = { run_id: string, run_uuid: string };

export function runIdOf(request: { readonly run_id: string | undefined; readonly run_uuid: string | undefined }): string {
  const id = request.run_id || request.run_uuid;
  if (!id) throw missingValue("run_id");
  return id;
}

const statuses = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const;

export const runRpcs: readonly Rpc[] = [
  rpc(
    "POST",
    `${path}/create`,
    { experiment_id: orElse(string, "0"), user_id: orElse(string, ""), run_name: string, start_time: integer, tags: list(keyValue) },
    async (house, request) => {
      const id = randomUUID().replaceAll("-", "");
      const tags = new Map<string, string>();
      for (const [index, { key, value }] of request.tags.entries()) {
        if (tags.has(key) && tags.get(key) !== value) throw invalidParameter(`The tag ${JSON.stringify(key)} is given twice with different values`);
        tags.set(checkKey(key, `tags[${index}].key`), value);
      }
      const run = { id, experimentId: request.experiment_id || "0", name: request.run_name, userId: request.user_id, startedAt: request.start_time ?? house.clock.now(), tags };
      const made = await writeTogether(house.db, async (transaction) => {
        await createRun(transaction, run);
        return readRunDetails(transaction, id);
      });
      return { run: runMessage(made) };
    },
  ),
  rpc("POST", `${path}/update`, { ...runFields, status: oneOf(statuses), end_time: integer, run_name: string }, async (house, request) => {
    const id = runIdOf(request);
    const change = { status: request.status && ours(request.status), endedAt: request.end_time, name: request.run_name };
    const made = await writeTogether(house.db, async (transaction) => {
      await updateRun(transaction, id, change);
      return readRunDetails(transaction, id);
    });
    await announceRun(house, id);
    return { run_info: runInfoMessage(made) };
  }),
  rpc("GET", `${path}/get`, runFields, async (house, request) => ({ run: runMessage(await readRunDetails(house.db, runIdOf(request))) })),
  rpc("POST", `${path}/delete`, { run_id: required(string) }, async (house, { run_id }) => {
    await writeTogether(house.db, (transaction) => setRunLifecycle(transaction, run_id, "deleted", house.clock.now()));
    await announceRun(house, run_id);
    return {};
  }),
  rpc("POST", `${path}/restore`, { run_id: required(string) }, async (house, { run_id }) => {
    await writeTogether(house.db, (transaction) => setRunLifecycle(transaction, run_id, "active", house.clock.now()));
    await announceRun(house, run_id);
    return {};
  }),
];

const ours = (status: keyof typeof statuses) => status.toLowerCase() as Lowercase<keyof typeof statuses>;
