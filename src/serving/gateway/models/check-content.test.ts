import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, trip, variant, writeConfig } from "../fixtures/gateway-process.ts";
import type { VariantConfig } from "../config/config.ts";

const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
const content = await readFile(modelFile("trips-1"));
const other = await readFile(modelFile("trips-2"));
/** Where a bit of the model's weights changes answers, and nothing else. */
const weight = content.indexOf(Buffer.from(Float32Array.of(2).buffer));

/** A home with a copy of a model, and the variant that is it. */
async function placed(): Promise<{ readonly home: string; readonly file: string; readonly champion: VariantConfig }> {
  const home = await makeHome();
  const folder = join(home, "gateway", "models");
  await mkdir(folder);
  const name = `${sha256(content)}.onnx`;
  await copyFile(modelFile("trips-1"), join(folder, name));
  return { home, file: join(folder, name), champion: variant("champion", "trips-1", 1, { location: join(folder, name), content: { folder, files: { [name]: sha256(content) } } }) };
}

test.each<[string, Uint8Array | undefined]>([
  ["one bit turned", Buffer.from(content.map((byte, at) => (at === weight + 2 ? byte ^ 1 : byte)))],
  ["cut", content.subarray(0, content.length - 20)],
  ["empty", new Uint8Array()],
  ["swapped", other],
  ["longer", Buffer.concat([content, Buffer.from([0])])],
  ["gone", undefined],
])("a model file that is %s is not served by a gateway that starts, which names it, and others are", async (_, spoiled) => {
  const { home, file, champion } = await placed();
  await (spoiled ? writeFile(file, spoiled) : rm(file));
  await writeConfig(home, config(1, endpoint("trips", champion), endpoint("whole", variant("champion", "trips-2", 1))));
  const gateway = await startProcess(home);
  expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(404);
  expect((await gateway.infer("whole", trip(1, 1, "Oslo"))).status).toBe(200);
  const said = (await gateway.admin("status")).refusals?.["trips"].message;
  expect(said).toContain(file);
  expect(said).toMatch(spoiled ? /is not what was deployed: it (is empty|holds \d+ bytes)/ : /ENOENT/);
});

test("a gateway that has the model in memory goes on with it, and serves it anew once the file is mended", async () => {
  const { home, file, champion } = await placed();
  await writeConfig(home, config(1, endpoint("trips", champion)));
  const gateway = await startProcess(home);
  const { body: before } = await gateway.infer("trips", trip(1, 1, "Oslo"));
  await writeFile(file, content.subarray(0, 50));
  await writeConfig(home, config(2, endpoint("trips", { ...champion, batching: { maxRows: 4 } })));
  await gateway.admin("reload");
  expect((await gateway.admin("status")).refusals?.["trips"].message).toContain("is not what was deployed: it holds 50 bytes");
  expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).body.outputs).toEqual(before.outputs);
  await writeFile(file, content);
  await gateway.admin("reload");
  expect((await gateway.admin("status")).refusals).toEqual({});
});

test("without the word what it holds, a model is loaded as it lies there", async () => {
  const { home, file, champion: { content: _, ...champion } } = await placed();
  await writeFile(file, other);
  await writeConfig(home, config(1, endpoint("trips", champion)));
  const gateway = await startProcess(home);
  expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(200);
});
