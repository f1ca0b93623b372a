import { isMainThread } from "node:worker_threads";

/*
 * Loaded into server and gateway with `--import`, and `--expose-gc` beside it: they collect garbage every `COLLECT_EVERY_MS`, so that what they hold is told apart from
 * what V8 has not looked at yet (in a process with little to do, for many minutes). Workers, which have a channel to their parent, go on as they are.
 */
const every = Number(process.env["COLLECT_EVERY_MS"]);
if (isMainThread && process.send === undefined && globalThis.gc !== undefined && every > 0) setInterval(() => globalThis.gc?.(), every).unref();
