import { once } from "node:events";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";
import { logHistory } from "./fixtures/log-history.ts";
import { endStreams, streamRun } from "./run-stream.ts";

/** What a stream says, event by event. */
function listen(stream: Readable): () => Promise<{ event: string; data: unknown }> {
  onTestFinished(() => void stream.destroy());
  const parts = (async function* () {
    let text = "";
    for await (const chunk of stream) {
      text += String(chunk);
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        yield text.slice(0, end);
        text = text.slice(end + 2);
      }
    }
  })();
  return async () => {
    const { value } = await parts.next();
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(String(value)) ?? [undefined, String(value), "null"];
    return { event: event ?? "", data: JSON.parse(data ?? "null") };
  };
}

const fast = { gatherMs: 1, pollMs: 3_600_000, heartbeatMs: 3_600_000 };

async function openStream(pace: Partial<typeof fast> = {}): Promise<{ protocol: Protocol; run: string; next: ReturnType<typeof listen>; stream: Readable }> {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  const stream = await streamRun(protocol.house, run, { ...fast, ...pace });
  const next = listen(stream);
  expect(await next()).toEqual({ event: "ready", data: { status: "running" } });
  return { protocol, run, next, stream };
}

const log = ({ post }: Protocol, run: string, key: string, values: readonly (number | string)[], first = 0) =>
  post("runs/log-batch", { run_id: run, metrics: values.map((value, index) => ({ key, value, step: first + index, timestamp: first + index })) });

test("points come as they are logged, NaN too; each once", async () => {
  const { protocol, run, next } = await openStream();
  await log(protocol, run, "loss", [3, 2]);
  expect(await next()).toEqual({ event: "points", data: { loss: { steps: [0, 1], times: [0, 1], values: [3, 2] } } });
  await log(protocol, run, "loss", ["NaN"], 2);
  expect(await next()).toEqual({ event: "points", data: { loss: { steps: [2], times: [2], values: ["NaN"] } } });
});

test("points at earlier steps are to be read anew", async () => {
  const { protocol, run, next } = await openStream();
  await log(protocol, run, "loss", [3, 2], 10);
  await next();
  await log(protocol, run, "loss", [1], 5);
  expect(await next()).toEqual({ event: "reload", data: ["loss"] });
});

test("the end of a run is told, and what happens to others is not", async () => {
  const { protocol, run, next } = await openStream();
  const other = await startRun(protocol);
  await log(protocol, other, "loss", [1]);
  await protocol.post("runs/update", { run_id: run, status: "FINISHED", end_time: 9 });
  expect(await next()).toEqual({ event: "run", data: { status: "finished" } });
});

test("what another process writes is seen by looking at the database", async () => {
  const { protocol, run, next } = await openStream({ pollMs: 5 });
  await logHistory(protocol.house.db, run, "loss", [7]);
  expect(await next()).toEqual({ event: "points", data: { loss: { steps: [0], times: [0], values: [7] } } });
});

test("very many points at once are to be read anew", async () => {
  const { protocol, run, next } = await openStream({ pollMs: 5 });
  await logHistory(protocol.house.db, run, "loss", Array.from({ length: 5001 }, (_, index) => index));
  expect(await next()).toEqual({ event: "reload", data: ["loss"] });
});

test("a silent stream says that it is there", async () => {
  const { next } = await openStream({ heartbeatMs: 5 });
  expect((await next()).event).toBe(": still here");
});

test("streams end with the server, and then listen no more", async () => {
  const { protocol, run, stream } = await openStream();
  stream.resume();
  endStreams(protocol.house);
  await once(stream, "close");
  await log(protocol, run, "loss", [1]);
  expect(stream.destroyed).toBe(true);
});

test("over HTTP it is an event stream; of a run that is not there it is an error", async () => {
  const { protocol, run } = await openStream();
  const address = await protocol.server.listen({ host: "127.0.0.1", port: 0 });
  const abort = new AbortController();
  const answer = await fetch(`${address}/api/tracking/runs/${run}/stream`, { signal: abort.signal });
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([200, "text/event-stream", "no-store"]);
  const { value } = await answer.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('event: ready\ndata: {"status":"running"}\n\n');
  abort.abort();
  expect((await fetch(`${address}/api/tracking/runs/none/stream`)).status).toBe(404);
});
