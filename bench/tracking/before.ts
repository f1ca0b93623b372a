/**
 * Writing metrics beside another checkout of Millrace: both servers run, and each round loads one after the other, in turns first one and then the other first. Told is
 * the median of the rounds' ratios.
 *
 *     node bench/tracking/before.ts --before <checkout> [--rounds 6] [--seconds 2]
 */
import { parseArgs } from "node:util";
import { load, openClient, type Client } from "./load.ts";
import { freshFolder, removeFolder, startPeer } from "./peers.ts";

const { values } = parseArgs({ options: { before: { type: "string" }, rounds: { type: "string", default: "6" }, seconds: { type: "string", default: "2" } } });
if (values.before === undefined) throw new Error("--before says which checkout to measure beside");
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

interface Side {
  readonly url: string;
  readonly runs: readonly string[];
  /** Points so far: steps go on where the last round ended. */
  sent: number;
}

const batchOf = (side: Side, keys: number) => (client: Client) => {
  const from = (side.sent += 1000);
  return client.post("runs/log-batch", { run_id: side.runs[0], metrics: Array.from({ length: 1000 }, (_, at) => ({ key: `${keys}.${at % keys}`, value: at, timestamp: 1_700_000_000_000 + from + at, step: from + at })) });
};

const ways: readonly { readonly name: string; readonly measure: (side: Side) => Promise<number> }[] = [
  ...[1, 64].map((clients) => ({
    name: `log_metric, ${clients} client${clients === 1 ? "" : "s"}, points/s`,
    measure: async (side: Side) =>
      (await load(side.url, clients, seconds, (client, number) => client.post("runs/log-metric", { run_id: side.runs[number % side.runs.length], key: "loss", value: 1 / (number + 1), timestamp: 1_700_000_000_000, step: ++side.sent }))).perSecond,
  })),
  ...[20, 1].map((keys) => ({ name: `log_batch of 1000 points of ${keys === 1 ? "one metric" : `${keys} metrics`}, points/s`, measure: async (side: Side) => 1000 * (await load(side.url, 1, seconds, batchOf(side, keys))).perSecond })),
];

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function createRun(url: string): Promise<string> {
  const client = openClient(url);
  const { run } = (await client.post("runs/create", { experiment_id: "0" })) as { run: { info: { run_id: string } } };
  client.close();
  return run.info.run_id;
}

const folders = [await freshFolder("before"), await freshFolder("after")];
const peers = [
  await startPeer({ title: "before", name: "millrace", mlflow: "", checkout: values.before }, folders[0]),
  await startPeer({ title: "after", name: "millrace", mlflow: "" }, folders[1]),
];
try {
  const sides: Side[] = await Promise.all(peers.map(async ({ url }) => ({ url, runs: await Promise.all(Array.from({ length: 64 }, () => createRun(url))), sent: 0 })));
  for (const way of ways) {
    const measured: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const rate = await way.measure(sides[side]);
        // The first round warms up.
        if (round > 0) measured[side].push(rate);
      }
    }
    const ratios = measured[0].map((before, round) => measured[1][round] / before);
    console.log(`${way.name}: before ${median(measured[0]).toFixed(0)}, after ${median(measured[1]).toFixed(0)}, after / before ${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`);
  }
} finally {
  for (const peer of peers) await peer.stop();
  for (const folder of folders) await removeFolder(folder);
}
