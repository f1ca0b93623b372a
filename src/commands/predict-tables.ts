import { glob } from "node:fs/promises";
import { relative } from "node:path";
import type { Command } from "../cli/command.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import { readReference } from "../registry/version-reference.ts";
import { predictTables, type PredictedTables } from "../serving/batch/predict-tables.ts";
import type { ServingRoutes } from "../serving/routes.ts";

/** `millrace predict`: the server says which version and where its files are; the tables are read, scored and written by this process. */
export const predictCommandTables: Command["run"] = async ({ server, say, signal }, [model = "", ...patterns], options) => {
  const { out, delimiter } = options;
  if (typeof out !== "string") throw invalid("cli.usage", "Say where the answers go, with --out answers.parquet (or .csv)");
  const { model: name, ...which } = readReference(model);
  const tables = await tablesOf(patterns);
  const version = await client<ServingRoutes>(await server(), "serving")("POST /models/:model/place", { params: { model: name }, body: which });
  const began = performance.now();
  let said = began;
  const found = await predictTables({
    version,
    tables,
    out,
    ids: names(options["id"]),
    keep: options["keep"] === "all" ? null : names(options["keep"]),
    ...(typeof delimiter === "string" && { delimiter }),
    log: { info: () => undefined, warn: say, error: say },
    signal,
    onProgress: ({ rows, table }) => {
      if (performance.now() - said < 1000) return;
      said = performance.now();
      say(`${rows.toLocaleString("en")} rows${tables.length > 1 ? `, in ${table}` : ""}`);
    },
  }).catch((error: unknown) => {
    if (signal.aborted) say("Stopped. The same command goes on from here.");
    throw error;
  });
  const seconds = (performance.now() - began) / 1000;
  const data = { model: version.model, version: version.version, tables: tables.length, ...found, out: relative(process.cwd(), found.out) || found.out, seconds };
  return { data, text: textOf(data) };
};

const names = (option: unknown): string[] => (typeof option === "string" ? option.split(",").map((name) => name.trim()).filter((name) => name !== "") : []);

/** The files that are meant; a pattern's in the order of their names. Throws `cli.usage` for one that nothing fits. */
async function tablesOf(patterns: readonly string[]): Promise<string[]> {
  const tables: string[] = [];
  for (const pattern of patterns) {
    if (!/[*?[{]/.test(pattern)) tables.push(pattern);
    else {
      const fitting: string[] = [];
      for await (const path of glob(pattern)) fitting.push(path);
      fitting.sort();
      if (fitting.length === 0) throw invalid("cli.usage", `No file fits ${pattern}`);
      tables.push(...fitting);
    }
  }
  return tables;
}

function textOf({ model, version, rows, refused, reasons, unseen, out, seconds, resumed, remarks }: PredictedTables & { readonly model: string; readonly version: number; readonly seconds: number }): string {
  const fresh = rows - resumed;
  const lines = [`${model}, version ${version}: ${(rows - refused).toLocaleString("en")} of ${rows.toLocaleString("en")} rows have their answers in ${out} (${seconds.toFixed(1)} s, ${Math.round(fresh / Math.max(seconds, 1e-3)).toLocaleString("en")} rows a second).`];
  if (resumed > 0) lines.push(`${resumed.toLocaleString("en")} of them were there from an earlier try.`);
  if (refused > 0) lines.push(`${refused.toLocaleString("en")} rows were refused, as the gateway would have; their column \`error\` says why:`, ...reasons.map((reason) => `  ${reason}`));
  for (const [name, count] of Object.entries(unseen)) lines.push(`${name}: ${count.toLocaleString("en")} cells are categories that the model does not know; it takes them for missing.`);
  return [...lines, ...remarks].join("\n");
}
