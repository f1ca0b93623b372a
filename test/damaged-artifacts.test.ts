import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "./open-protocol.ts";
import { openFolderBlobs } from "../src/storage/folder-blobs.ts";
import { storeFile } from "../src/tracking/files.ts";
import { readVersion } from "../src/registry/versions.ts";
import { placeModel } from "../src/serving/place-model.ts";

const large = Buffer.alloc(900_000, "the miller's grain ");
const small = Buffer.from("x,y\n1,2\n");

interface Kept {
  readonly protocol: Protocol;
  readonly run: string;
  readonly file: string;
}

/** A run with an artifact `table.csv`, and the file that holds it; the store is as a new process has it. */
async function keep(content: Buffer): Promise<Kept> {
  const opened = await openProtocol();
  const run = await startRun(opened);
  const { house } = opened;
  const { sha256 } = await house.blobs.put(content);
  await storeFile(house.db, run, "table.csv", { sha256, size: content.length });
  return { protocol: opened, run, file: join(house.settings.artifacts, sha256.slice(0, 2), sha256.slice(2)) };
}

const flipped = (content: Buffer, at: number): Buffer => Buffer.from(content.map((byte, place) => (place === at ? byte ^ 1 : byte)));

const doors = (run: string): string[] => [
  `/api/tracking/runs/${run}/artifacts/table.csv`,
  `/api/tracking/runs/${run}/preview?path=table.csv`,
  `/get-artifact?run_id=${run}&path=table.csv`,
  `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/table.csv`,
];

test.each<[string, Buffer, (content: Buffer) => Buffer | undefined, RegExp]>([
  ["a small file with one bit turned", small, (content) => flipped(content, 5), /is damaged: the file .* is not what its name says/],
  ["a cut file", large, (content) => content.subarray(0, 500_000), /500000 bytes/],
  ["a longer file", large, (content) => Buffer.concat([content, small]), /900008 bytes/],
  ["an empty file", large, () => Buffer.alloc(0), /it is empty/],
  ["a file that is gone", large, () => undefined, /is gone: there is no file/],
])("%s is an error that names artifact and file, at every door, instead of content", async (_, content, spoiled, message) => {
  const { protocol, run, file } = await keep(content);
  const now = spoiled(content);
  await (now ? writeFile(file, now) : rm(file));
  for (const url of doors(run)) {
    const answer = await protocol.server.inject({ method: "GET", url });
    expect([url, answer.statusCode]).toEqual([url, 500]);
    const said = JSON.parse(answer.body) as { message?: string; error?: { message: string } };
    expect(said.message ?? said.error?.message).toMatch(message);
    expect(answer.body).toContain(`artifact \\"table.csv\\" of ${run}`);
    expect(answer.body).toContain(file);
    expect(answer.headers.etag).toBeUndefined();
  }
});

test.each([0, 450_000, 899_999])("of a large file with a bit turned at byte %i no client gets the whole, and no part under its name", async (at) => {
  const { protocol, run, file } = await keep(large);
  await writeFile(file, flipped(large, at));
  const base = await protocol.server.listen({ host: "127.0.0.1", port: 0 });
  for (const door of [0, 2, 3]) {
    const asked = request(base + doors(run)[door]).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    let came = 0;
    const all = (async () => {
      for await (const part of answer) came += (part as Buffer).length;
    })();
    await expect(all).rejects.toThrow(/aborted/);
    expect(came).toBeLessThan(large.length);
  }
  const part = await fetch(base + doors(run)[3], { headers: { range: "bytes=10-19" } });
  expect([part.status, part.headers.get("etag")]).toEqual([500, null]);
});

test("what is whole comes as before, its parts too, with a tag that is true", async () => {
  const { protocol, run } = await keep(large);
  for (const url of [doors(run)[0], doors(run)[2], doors(run)[3]]) expect((await protocol.server.inject({ method: "GET", url })).rawPayload.equals(large)).toBe(true);
  const part = await protocol.server.inject({ method: "GET", url: doors(run)[3], headers: { range: "bytes=-4" } });
  expect([part.statusCode, part.body]).toEqual([206, large.subarray(-4).toString()]);
});

test("a deployed copy that is damaged is brought again; a damaged artifact is refused by name", async () => {
  const opened = await openProtocol();
  const run = await startRun(opened);
  const onnx = await readFile(new URL("../src/serving/gateway/fixtures/trips-1.onnx", import.meta.url));
  for (const [path, content] of [["MLmodel", "flavors:\n  onnx:\n    data: model.onnx\n"], ["model.onnx", onnx]] as const) {
    await storeFile(opened.house.db, run, `model/${path}`, await opened.house.blobs.put(Buffer.from(content)));
  }
  await opened.post("registered-models/create", { name: "trips" });
  await opened.post("model-versions/create", { name: "trips", source: `mlflow-artifacts:/0/${run}/artifacts/model`, run_id: run });
  const version = await readVersion(opened.house.db, "trips", 1);
  const placed = await placeModel(opened.house, version);
  // A copy of its own, as on another file system.
  for (const spoiled of [flipped(onnx, 700), onnx.subarray(0, 90), Buffer.alloc(0)]) {
    await rm(placed.location);
    await writeFile(placed.location, spoiled);
    expect(await placeModel(opened.house, version)).toEqual(placed);
    expect(await readFile(placed.location)).toEqual(onnx);
  }
  // The artifact itself, of which the place is a link.
  await writeFile(placed.location, flipped(onnx, 700));
  const house = { ...opened.house, blobs: openFolderBlobs(opened.house.settings.artifacts) };
  await expect(placeModel(house, version)).rejects.toMatchObject({ code: "storage.blob_damaged", message: expect.stringMatching(/^file "model\.onnx" of version 1 of trips is damaged: the file \S+ /) as string });
});
