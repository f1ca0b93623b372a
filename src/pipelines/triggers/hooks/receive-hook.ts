import { conflict, MillraceError, notFound } from "../../../errors.ts";
import type { House } from "../../../stage.ts";
import { lock, transact } from "../../../storage/transactions.ts";
import { takeOccurrence } from "../firings.ts";
import { branchesOf, moveOf } from "../git/git-source.ts";
import { meantBy } from "../git/globs.ts";
import { readSecret } from "../read-secret.ts";
import { moveCursor, readTrigger } from "../store.ts";
import type { Occurrence, Trigger } from "../types.ts";
import { readPush, type Told } from "./push.ts";
import { requireSignature, type Headers } from "./signature.ts";

/** What a host is answered. */
export interface Received {
  readonly trigger: string;
  /** The firing that the push is, or joined; null where it is none. */
  readonly firing: string | null;
  /** What was made of it, in a sentence. */
  readonly message: string;
}

/** How often a transaction is done again that met another look at the same branches. */
const mostTries = 5;

/**
 * Takes a message of a Git host about a trigger. What is signed, and tells of a branch that the trigger means, is written down before the answer; it fires once, however often it
 * is sent. What is not signed is refused, and told in the log, once a minute at most.
 *
 * @throws `pipelines.no_hook`, `pipelines.no_secret`, `pipelines.hook_refused` (401), `pipelines.hook_unreadable`
 */
export async function receiveHook(house: House, name: string, headers: Headers, body: Uint8Array): Promise<Received> {
  const now = house.clock.now();
  const trigger = await readTrigger(house.db, name);
  const { on } = trigger.config;
  if (on.kind !== "git" || on.webhook === null) throw notFound("pipelines.no_hook", `The trigger ${trigger.name} takes no web hooks; git.webhook in its project says from whom`);
  const { from, secret } = on.webhook;
  try {
    requireSignature(from, headers, body, await readSecret(secret, `The secret of the web hook of ${trigger.name}`), now);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "pipelines.hook_refused") await note(house, trigger, { cause: "git", key: `refused ${Math.floor(now / 60_000)}`, lane: "refused", why: `a message came to the web hook for ${from}`, skip: error.message }, now);
    throw error;
  }
  const told = readPush(from, headers, body);
  if ("nothing" in told) return { trigger: trigger.name, firing: null, message: `This is ${told.nothing}` };
  const left = trigger.paused ? `the trigger is paused by ${trigger.paused.by}: ${trigger.paused.reason}` : meantBy(on.branches, told.branch) ? undefined : `${told.branch} is none of the branches ${on.branches.join(", ")}`;
  if (left !== undefined) {
    await note(house, trigger, { ...moveOf(told.branch, told.commit, told.before, now), skip: left }, now);
    return { trigger: trigger.name, firing: null, message: `It does not fire: ${left}` };
  }
  const received = await takePush(house, trigger.name, told, now);
  if (received.firing !== null) await house.events.emit({ name: "pipelines.trigger_asked", time: now, payload: { trigger: trigger.name, firing: received.firing } });
  return received;
}

const note = (house: House, trigger: Trigger, occurrence: Occurrence, now: number) => transact(house.db, (transaction) => takeOccurrence(transaction, house, trigger, occurrence, now));

/** Writes a push down, as a look at the repository would. */
async function takePush(house: House, name: string, { branch, commit, before }: Exclude<Told, { readonly nothing: string }>, now: number): Promise<Received> {
  for (let tries = 0; tries < mostTries; tries++) {
    const received = await transact(house.db, async (transaction): Promise<Received | undefined> => {
      await lock(transaction, "pipelines.triggers");
      const trigger = await readTrigger(transaction, name);
      const known = branchesOf(trigger.cursor);
      if (known[branch] === commit) return { trigger: name, firing: null, message: `${branch} is known to stand at ${commit.slice(0, 7)}` };
      if (!(await moveCursor(transaction, trigger, { branches: { ...known, [branch]: commit } }, trigger.problem))) return undefined;
      const { id, joined } = await takeOccurrence(transaction, house, trigger, moveOf(branch, commit, known[branch] ?? before, now), now);
      return { trigger: name, firing: id, message: joined ? `It joined ${id}, which had not begun` : `It fires as ${id}` };
    });
    if (received) return received;
  }
  throw conflict("pipelines.trigger_busy", `The branches of ${name} are being looked at; send it again`);
}
