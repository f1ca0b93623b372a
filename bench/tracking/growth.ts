/**
 * What Millrace takes when ten times as much is stored: searches and writes over 10 000, 100 000 and 1 000 000 runs.
 *
 *     node bench/tracking/growth.ts [--seconds 4] [--runs 10000,100000,1000000]
 */
import { parseArgs } from "node:util";
import { printTable, type Figures } from "./figures.ts";
import { databaseFile, freshFolder, removeFolder, startPeer, type Contender } from "./peers.ts";
import { measureReads } from "./reads.ts";
import { seed } from "./seed.ts";
import { measureWrites } from "./writes.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" }, runs: { type: "string", default: "10000,100000,1000000" } } });
const contender: Contender = { title: "millrace", name: "millrace", mlflow: "" };
const sizes = values.runs.split(",").map(Number);
const columns: Figures[] = [];
for (const runs of sizes) {
  console.error(`${runs} runs …`);
  const folder = await freshFolder("growth");
  await (await startPeer(contender, folder)).stop();
  seed(contender, databaseFile(contender, folder), { runs, points: runs * 10 });
  const peer = await startPeer(contender, folder);
  const reads = await measureReads(peer.url, 9);
  columns.push({ ...(await measureWrites(peer.url, Number(values.seconds))), ...reads });
  await peer.stop();
  await removeFolder(folder);
}
printTable(sizes.map((runs) => `${runs} runs`), columns);
