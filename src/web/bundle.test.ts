import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { beforeAll, expect, test, vi } from "vitest";
import { browserSafe } from "../../test/import-rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let chunks: Rolldown.OutputChunk[] = [];

beforeAll(async () => {
  vi.stubEnv("NODE_ENV", "production");
  const built = (await build({ root: `${root}/src/web`, configFile: `${root}/vite.config.ts`, logLevel: "silent", build: { write: false } })) as Rolldown.RolldownOutput;
  chunks = built.output.filter((one) => one.type === "chunk");
});

const modules = (): string[] => chunks.flatMap((chunk) => Object.keys(chunk.modules)).map((id) => relative(root, id.replace(/^\0/, "").split("?")[0]));

test("no server file enters the bundle", () => {
  const own = modules().filter((path) => path.startsWith("src/"));
  const foreign = own.filter((path) => !/^src\/(web|ui)\/|^src\/\w+\/pages\//.test(path) && !(path.slice(4) in browserSafe));
  expect(own.length).toBeGreaterThan(80);
  expect(foreign).toEqual([]);
});

test("no server package and no sentence of the server enters the bundle", async () => {
  expect(modules().filter((path) => /node_modules\/(typebox|kysely|fastify|@duckdb|pino|ajv|onnxruntime-node)\//.test(path))).toEqual([]);
  const sentence = "registry.model_not_found";
  expect(await readFile(`${root}/src/registry/models.ts`, "utf8")).toContain(sentence);
  for (const chunk of chunks) expect(chunk.code).not.toContain(sentence);
});

test("what the first page loads is below 250 kB compressed", () => {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const needed = new Set<string>();
  const need = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    byName.get(name)!.imports.forEach(need);
  };
  for (const chunk of chunks) if (chunk.isEntry || chunk.name === "loop-page") need(chunk.fileName);
  const size = [...needed].reduce((sum, name) => sum + gzipSync(byName.get(name)!.code).length, 0);
  expect(size).toBeGreaterThan(50_000);
  expect(size).toBeLessThan(250_000);
  console.info(`first page: ${Math.round(size / 1000)} kB compressed in ${needed.size} files`);
});
