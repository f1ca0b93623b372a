/**
 * Tracking beside `mlflow server`, on the same machine in one run, with the same client (Node's http, one kept connection for each
 * client, the next request when the last is answered). Both answer a write when it is synced to disk.
 *
 *     node bench/tracking/run.ts --mlflow PATH [--database postgresql://…] [--seconds 4] [--runs 100000] [--points 1000000] [--megabytes 1000] [--only writes,reads,artifacts]
 */
import { parseArgs } from "node:util";
import { bigFile, measureArtifacts, measureDisk } from "./artifacts.ts";
import { printTable, type Figures } from "./figures.ts";
import { databaseFile, freshFolder, removeFolder, startPeer, type Contender } from "./peers.ts";
import { measureReads } from "./reads.ts";
import { seed } from "./seed.ts";
import { measureWrites } from "./writes.ts";

const { values } = parseArgs({
  options: {
    mlflow: { type: "string", default: "mlflow" },
    database: { type: "string" },
    seconds: { type: "string", default: "4" },
    runs: { type: "string", default: "100000" },
    points: { type: "string", default: "1000000" },
    megabytes: { type: "string", default: "1000" },
    only: { type: "string", default: "writes,reads,artifacts" },
  },
});
const wanted = values.only.split(",");
const { mlflow } = values;
const contenders: readonly Contender[] = [
  { title: "mlflow, 1 worker", name: "mlflow", workers: 1, mlflow },
  { title: "mlflow, 4 workers", name: "mlflow", workers: 4, mlflow },
  ...(values.database === undefined ? [] : [{ title: "mlflow, 4 workers, PostgreSQL", name: "mlflow" as const, workers: 4, mlflow, database: values.database }]),
  { title: "millrace", name: "millrace", mlflow },
];

/** MLflow goes on starting processes of its own after its first answer; everybody gets the same time to come to rest. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15_000));

async function measure(contender: Contender): Promise<Figures> {
  const folder = await freshFolder(contender.name);
  try {
    const figures: Record<string, Figures[string]> = {};
    const first = await startPeer(contender, folder);
    await rest();
    figures["cold start to first answer"] = { value: first.startMs, unit: "ms" };
    figures["memory at rest"] = { value: first.memory(), unit: "MB" };
    if (wanted.includes("writes")) Object.assign(figures, await measureWrites(first.url, Number(values.seconds)));
    figures["memory after that"] = { value: first.memory(), unit: "MB" };
    if (wanted.includes("artifacts")) {
      const file = await bigFile(folder, Number(values.megabytes));
      Object.assign(figures, await measureArtifacts(first.url, file));
    }
    await first.stop();
    if (wanted.includes("reads") && contender.database === undefined) {
      seed(contender, databaseFile(contender, folder), { runs: Number(values.runs), points: Number(values.points) });
      const second = await startPeer(contender, folder);
      await rest();
      Object.assign(figures, await measureReads(second.url, contender.name === "mlflow" ? 3 : 9));
      await second.stop();
    }
    return figures;
  } finally {
    await removeFolder(folder);
  }
}

const columns: Figures[] = [];
for (const contender of contenders) {
  console.error(`${contender.title} …`);
  columns.push(await measure(contender));
}
printTable(contenders.map(({ title }) => title), columns);
if (wanted.includes("artifacts")) {
  const folder = await freshFolder("disk");
  console.log(`\nThe disk itself: ${(await measureDisk(await bigFile(folder, Number(values.megabytes)))).toFixed(0)} MB/s to write and sync such a file.`);
  await removeFolder(folder);
}
