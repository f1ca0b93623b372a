import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gatewayCommand, ours, type Contender } from "./contenders.ts";
import { load, startServer } from "./servers.ts";

/** A model, and a request of one row to it. */
export interface BeforeCase {
  readonly model: string;
  readonly file: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

interface Measured {
  readonly rate: number;
  readonly cost: number;
}

const rounds = 5;
const connections = 64;
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/**
 * Requests per second, and microseconds of the processor for each, of this gateway and of the one of another checkout in `folder`, one after the other in every
 * round, so that noise hits both. Ratios are medians of those of the rounds; on a machine that does other things the processor's tell more.
 */
export async function measureBefore(folder: string, cases: readonly BeforeCase[], seconds: number): Promise<void> {
  const other = resolve(folder, "src/serving/gateway/main.ts");
  console.log(`\n### Beside another checkout (JSON, ${connections} connections)\n\n| | before, /s | now, /s | now to before | before, µs | now, µs | now to before |\n|---|---|---|---|---|---|---|`);
  const scratch = await mkdtemp(join(tmpdir(), "bench-before-"));
  const bodyFile = join(scratch, "body");
  for (const { model, file, body, headers } of cases) {
    await writeFile(bodyFile, body);
    const [before, now]: [Measured[], Measured[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const [measured, main] of [[before, other], [now, undefined]] as const) {
        const contender: Contender = { ...ours.json, command: (path, port, home) => gatewayCommand(path, port, home, undefined, undefined, main) };
        const server = await startServer(contender, file, body, headers);
        const common = { port: server.port, path: contender.path, body: bodyFile, headers, connections, rate: 0 };
        await load({ ...common, seconds: 1 });
        const busy = server.processorSeconds();
        const { perSecond, requests } = await load({ ...common, seconds });
        measured.push({ rate: perSecond, cost: (1e6 * (server.processorSeconds() - busy)) / requests });
        await server.stop();
      }
    }
    const told = (what: keyof Measured) => [median(before.map((one) => one[what])).toFixed(0), median(now.map((one) => one[what])).toFixed(0), median(now.map((one, round) => one[what] / before[round][what])).toFixed(3)];
    console.log(`| ${[model, ...told("rate"), ...told("cost")].join(" | ")} |`);
  }
  await rm(scratch, { recursive: true });
}
