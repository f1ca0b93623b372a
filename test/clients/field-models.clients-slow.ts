import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { pythonWith, runScript } from "./python.ts";

interface Family {
  readonly served: readonly string[];
  /** How many of them have rows of several callers run together. */
  readonly merged: number;
  /** By name, the reason. */
  readonly refused: Readonly<Record<string, string>>;
}

interface Report {
  readonly families: Readonly<Record<string, Family>>;
  readonly wrong: Readonly<Record<string, string>>;
}

const manual = fileURLToPath(new URL("../../docs/model-files.md", import.meta.url));
const marked = /(<!-- field models -->\n)[^]*?(\n<!-- end of field models -->)/;

const tableOf = (families: Report["families"]): string =>
  ["| Models | Served | Rows of several callers are run together | Refused |", "|---|---|---|---|", ...Object.entries(families).map(([family, { served, merged, refused }]) => `| ${family} | ${served.length}: ${served.join(", ")} | ${merged} | ${Object.keys(refused).join(", ") || "–"} |`)].join("\n");

const packages = [
  "onnx==1.23.2", "onnxruntime==1.32.0", "skl2onnx==1.20.0", "scikit-learn==1.9.1", "onnxmltools==1.16.0", "lightgbm==4.7.0", "xgboost==3.2.0", "catboost==1.2.10", "pandas", "numpy==2.4.6",
  "protobuf==6.33.6", "tritonclient[grpc,http]==2.73.0", "torch==2.15.0", "onnxscript==0.7.2",
];

test("models of the field are served with the answers of ONNX Runtime and of the library that trained them, or refused with a reason", async () => {
  const python = await pythonWith("field", packages);
  const home = await makeFolder();
  const shelf = join(home, "shelf");
  await mkdir(shelf);
  const script = fileURLToPath(new URL("field/field_session.py", import.meta.url));
  expect(Number(await runScript(python, script, { SHELF: shelf }))).toBeGreaterThan(100);
  const { address } = await startOwn(home, {}, { repository: shelf, grpcPort: 0 });
  const said = await runScript(python, script, { HTTP: `127.0.0.1:${address.port}`, GRPC: `127.0.0.1:${address.grpcPort}`, SHELF: shelf });
  const { families, wrong } = JSON.parse(said) as Report;
  expect(wrong).toEqual({});
  const text = await readFile(manual, "utf8");
  const written = text.replace(marked, (_, before: string, after: string) => before + tableOf(families) + after);
  // Written anew by MILLRACE_WRITE_DOCS=1; else the manual must say what came.
  if (process.env["MILLRACE_WRITE_DOCS"] === "1") await writeFile(manual, written);
  else expect(text).toBe(written);
});
