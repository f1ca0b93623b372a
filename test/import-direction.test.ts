import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { importsOf, unusedFaces, wrongFiles, wrongImports, type FileMap } from "./import-rules.ts";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const source: FileMap = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(`${root}${path}`, "utf8")]),
);
const files = (...entries: [string, string][]): FileMap => new Map(entries);

describe("the house", () => {
  test("imports go one way", () => expect(wrongImports(source)).toEqual([]));

  test("files are small, plainly named, and no barrels", () => expect(wrongFiles(source)).toEqual([]));

  test("every face that is shown is used", () => expect(unusedFaces(source)).toEqual([]));

  test("the scan sees the house", () => {
    const seen = importsOf(source);
    expect(seen.length).toBeGreaterThan(400);
    for (const { from, to } of seen) if (/\.tsx?$/.test(to) && !to.startsWith("../")) expect(source.has(to), `${from} → ${to}`).toBe(true);
  });
});

describe("a wrong import is reported", () => {
  const cases: [string, FileMap, RegExp][] = [
    ["a room imports a later one", files(["data/data.ts", 'import { judge } from "../evaluation/evaluation.ts";']), /data comes before evaluation/],
    ["even a type of it", files(["data/data.ts", 'import type { Loop } from "../optimization/types.ts";']), /data comes before optimization/],
    ["even when it loads late", files(["data/data.ts", 'const x = await import("../serving/serving.ts");']), /data comes before serving/],
    ["a re-export of it", files(["data/data.ts", 'export { deploy } from "../serving/serving.ts";']), /data comes before serving/],
    ["an import over several lines", files(["data/data.ts", 'import {\n  deploy,\n  type Deployment,\n} from "../serving/serving.ts";']), /data comes before serving/],
    ["a foundation imports a room", files(["storage/audit.ts", 'import { x } from "../tracking/tracking.ts";']), /a foundation knows no room/],
    ["a root foundation imports the house", files(["events.ts", 'import { openHouse } from "./house.ts";']), /a foundation knows no room/],
    ["pipelines import a room", files(["pipelines/engine.ts", 'import type { Run } from "../tracking/types.ts";']), /pipelines imports no room/],
    ["an inner file of another room", files(["registry/registry.ts", 'import { store } from "../tracking/store.ts";']), /no part of the face of tracking/],
    ["a room imports pipelines", files(["optimization/loop.ts", 'import { openEngine } from "../pipelines/engine.ts";']), /foundations and earlier rooms only/],
    ["the gateway imports the control plane", files(["serving/gateway/gateway.ts", 'import { readDeployment } from "../serving.ts";']), /the gateway imports nothing outside itself/],
    ["the gateway imports a foundation", files(["serving/gateway/gateway.ts", 'import type { Logger } from "../../log.ts";']), /the gateway imports nothing outside itself/],
    ["values/ imports anything", files(["values/read.ts", 'import { invalid } from "../errors.ts";']), /imports nothing: pure functions/],
    ["a page imports server code as a value", files(["data/pages/page.tsx", 'import { dataRoutes } from "../routes.ts";']), /types only/],
    ["a page imports a mixture", files(["data/pages/page.tsx", 'import { type DataRoutes, dataRoutes } from "../routes.ts";']), /types only/],
    ["what is safe in the browser imports what is not", files(["clock.ts", 'import { openLog } from "./log.ts";']), /what pages may run/],
    ["server code imports a page", files(["data/data.ts", 'import { Page } from "./pages/page.tsx";']), /no page/],
    ["ui imports a room", files(["ui/format.ts", 'import type { Run } from "../tracking/types.ts";']), /ui knows no room/],
    ["something imports main.ts", files(["commands/run.ts", 'import "../main.ts";']), /nothing imports main/],
    ["a cycle of two", files(["data/a.ts", 'import { b } from "./b.ts";'], ["data/b.ts", 'import { a } from "./a.ts";']), /cycle: data\/a.ts → data\/b.ts → data\/a.ts/],
    ["a cycle through a late import", files(["data/a.ts", 'import { b } from "./b.ts";'], ["data/b.ts", 'const a = () => import("./a.ts");']), /cycle/],
  ];
  test.each(cases)("%s", (_, map, expected) => expect(wrongImports(map).join("\n")).toMatch(expected));

  test("what is allowed is not reported", () => {
    const allowed = files(
      ["registry/registry.ts", 'import { insertLineage } from "../tracking/tracking.ts";\nimport { appendAudit } from "../storage/audit.ts";'],
      ["registry/pages/page.tsx", 'import type { RegistryRoutes } from "../routes.ts";\nimport { client } from "../../http/client.ts";\nimport { type ModelVersion } from "../types.ts";'],
      ["tracking/tracking.ts", 'import type { Run } from "./types.ts";'],
      ["tracking/types.ts", 'import type { Verbs } from "./tracking.ts";'],
      ["serving/gateway/gateway.ts", 'import { describeError } from "../../errors.ts";'],
      ["serving/gateway/tensors/read.ts", 'import { readNumber } from "../../../values/read-cell.ts";'],
      ["data/read.ts", 'import { readNumber } from "../values/read-cell.ts";'],
      ["house.ts", 'import { openEngine } from "./pipelines/engine.ts";'],
    );
    expect(wrongImports(allowed)).toEqual([]);
  });
});

test("a wrong file is reported", () => {
  const faults = wrongFiles(
    files(["data/utils.ts", ""], ["common/text.ts", ""], ["data/index.ts", ""], ["data/ReadTable.ts", ""], ["data/long.ts", "const x = 1;\n".repeat(501)], ["ui/page.tsx", "export default 1;"]),
  );
  expect(faults.map((fault) => fault.split(":")[0])).toEqual(["data/utils.ts", "common/text.ts", "data/index.ts", "data/ReadTable.ts", "data/long.ts", "ui/page.tsx"]);
  expect(wrongFiles(files(["a.ts", "const x = 1;\n".repeat(120)])).join()).toMatch(/median/);
});
