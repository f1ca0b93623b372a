import { join } from "node:path";
import { parseArgs } from "node:util";
import { stages } from "../../src/stages.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { insertRows, type Cell } from "../../src/storage/insert-rows.ts";
import { migrate } from "../../src/storage/migrations.ts";
import { auditMigrations } from "../../src/storage/audit.ts";
import { createExperiment, ensureDefaultExperiment } from "../../src/tracking/experiments.ts";
import { seededRandom } from "../../src/training/random.ts";

/**
 * Fills a home folder with runs to look at: `node bench/tracking/seed-runs.ts --home DIR --runs 100000 --points 1000000`. Each run has
 * five metrics, five params and two tags, every tenth is the child of the one before; the first has one long history, `loss`.
 */
const { values } = parseArgs({ options: { home: { type: "string" }, runs: { type: "string", default: "100000" }, points: { type: "string", default: "1000000" } } });
if (values.home === undefined) throw new Error("--home says which folder to fill");
const [runs, points, begin] = [Number(values.runs), Number(values.points), 1_760_000_000_000];

const db = openDatabase(join(values.home, "millrace.db"));
await migrate(db, [{ name: "storage", migrations: auditMigrations }, ...stages], begin);
await ensureDefaultExperiment(db, begin);
const experiment = await createExperiment(db, { name: `search over ${runs} runs`, now: begin });
const random = seededRandom(7);
const idOf = (index: number): string => ((index + 1) * 2_654_435_761 % 4_294_967_296).toString(16).padStart(8, "0").repeat(4);
const [metricKeys, paramKeys] = [["rmse", "mae", "r2", "loss", "seconds"], ["learning_rate", "max_depth", "trees", "objective", "seed"]];

for (let from = 0; from < runs; from += 5000) {
  const indexes = Array.from({ length: Math.min(5000, runs - from) }, (_, index) => from + index);
  const rows = <T extends readonly Cell[]>(make: (index: number, id: string) => readonly T[]): T[] => indexes.flatMap((index) => [...make(index, idOf(index))]);
  await db.transaction().execute(async (transaction) => {
    await insertRows(transaction, "runs", ["id", "experiment_id", "name", "status", "started_at", "ended_at", "lifecycle", "user_id", "artifact_uri"], rows((index, id) => {
      const status = index % 97 === 0 ? "failed" : index > runs - 5 ? "running" : "finished";
      const started = begin + index * 1000;
      return [[id, experiment, `trial-${index}`, status, started, status === "running" ? null : started + 60_000, "active", ["ada", "grace"][index % 2], `mlflow-artifacts:/${experiment}/${id}/artifacts`]];
    }));
    await insertRows(transaction, "latest_metrics", ["run_id", "key", "step", "time", "value", "kind"], rows((index, id) => metricKeys.map((key) => [id, key, 99, begin + index, random() * 100, 0])));
    await insertRows(transaction, "params", ["run_id", "key", "value"], rows((index, id) => paramKeys.map((key) => [id, key, key === "objective" ? ["rmse", "mae"][index % 2] : String(Math.floor(random() * 1000) / 1000)])));
    await insertRows(transaction, "run_tags", ["run_id", "key", "value"], rows((index, id) => [
      [id, "mlflow.runName", `trial-${index}`],
      [id, "trigger", index % 2 ? "tuning" : "by hand"],
      ...(index % 10 === 9 ? [[id, "mlflow.parentRunId", idOf(index - 1)]] : []),
    ]));
  });
}

const first = idOf(0);
await insertRows(db, "metric_series", ["run_id", "key"], [[first, "loss"]]);
const { id: series } = await db.withTables<{ metric_series: { id: number; run_id: string; key: string } }>().selectFrom("metric_series").select("id").where("run_id", "=", first).where("key", "=", "loss").executeTakeFirstOrThrow();
for (let from = 0; from < points; from += 50_000) {
  const part = Array.from({ length: Math.min(50_000, points - from) }, (_, index) => from + index);
  await db.transaction().execute((transaction) =>
    insertRows(transaction, "metric_points", ["series_id", "step", "time", "value", "kind"], part.map((step) => [series, step, begin + step * 10, 1 / (1 + step / 20_000) + random() * 0.05 + (step === 777_777 ? 3 : 0), 0])),
  );
}
await db.destroy();
console.log(`experiment ${experiment} with ${runs} runs; run ${first} with ${points} points of loss`);
