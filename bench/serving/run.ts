/**
 * Serving beside its peers on one machine in one run: the server and all its children on one core, the load on the other (docs of the method: README.md).
 *
 *     npm run bench:serving -- [--peers fastapi,mlserver,…|none] [--models small,trees,mlp,conv,resnet] [--seconds 5] [--only peers,latency,ceiling,features,json] [--before <another checkout, with its node_modules>]
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { measureBefore } from "./before.ts";
import { binaryHeaders, cache, contenders, gatewayCommand, ours, type Contender } from "./contenders.ts";
import { measureJson } from "./json.ts";
import type { LoadResult } from "./load-process.ts";
import { ask, environment, load, startServer } from "./servers.ts";

const { values } = parseArgs({
  options: {
    peers: { type: "string", default: contenders.map(({ name }) => name).join(";") },
    models: { type: "string", default: "small,trees,mlp,conv,resnet" },
    seconds: { type: "string", default: "5" },
    before: { type: "string" },
    only: { type: "string", default: "peers,latency,ceiling,features,json" },
  },
});
const seconds = Number(values.seconds);
const wanted = new Set(values.only.split(","));
const run = promisify(execFile);
const shapes: Readonly<Record<string, readonly number[]>> = { small: [30], trees: [30], mlp: [1024], conv: [3, 224, 224], resnet: [3, 224, 224] };
const scratch = await mkdtemp(join(tmpdir(), "bench-serving-"));
const models = join(cache, "files");

/** A request of some rows. */
function request(contender: Contender, tail: readonly number[], rows: number) {
  const shape = [rows, ...tail];
  const data = Float32Array.from({ length: shape.reduce((all, one) => all * one, 1) }, (_, i) => Math.fround(((i * 37) % 97) / 97));
  const body = contender.body(rows, shape, data);
  return { body, headers: { ...contender.headers, ...(contender === ours.binary && binaryHeaders(shape, data)) } };
}

const figure = (value: number, digits = 0): string => (Number.isFinite(value) ? value.toFixed(digits) : "–");
const file = (model: string): string => join(models, `${model}.onnx`);

interface Measured {
  readonly name: string;
  readonly byConnections: ReadonlyMap<number, LoadResult>;
  readonly floor: boolean;
  readonly at70: LoadResult | undefined;
  readonly at20: LoadResult | undefined;
  readonly memory: number;
}

let expected: number[] | undefined;

/** Closed loops at several connections, then an open loop at 70 % of what it could. */
async function measure(contender: Contender, model: string, connections: readonly number[]): Promise<Measured> {
  const { body, headers } = request(contender, shapes[model], 1);
  const bodyFile = join(scratch, "body");
  await writeFile(bodyFile, body);
  const server = await startServer(contender, file(model), body, headers);
  try {
    const answered = await ask(server.port, contender, body, headers);
    if (!contender.floor) expected ??= answered;
    if (!contender.floor && (!answered || answered.length !== expected!.length || answered.some((one, i) => Math.abs(one - expected![i]) > 1e-3 * Math.max(1, Math.abs(one))))) {
      throw new Error(`${contender.name} answers ${JSON.stringify(answered?.slice(0, 4))}, not ${JSON.stringify(expected?.slice(0, 4))}`);
    }
    const common = { port: server.port, path: contender.path, body: bodyFile, headers, seconds };
    await load({ ...common, connections: 8, rate: 0, seconds: Math.min(3, seconds) });
    const byConnections = new Map<number, LoadResult>();
    for (const count of connections) byConnections.set(count, await load({ ...common, connections: count, rate: 0 }));
    const capacity = Math.max(...[...byConnections.values()].map(({ perSecond }) => perSecond));
    const at70 = wanted.has("latency") ? await load({ ...common, connections: 64, rate: 0.7 * capacity }) : undefined;
    const at20 = wanted.has("latency") ? await load({ ...common, connections: 64, rate: 0.2 * capacity }) : undefined;
    return { name: contender.name, floor: contender.floor === true, byConnections, at70, at20, memory: server.memory() };
  } finally {
    await server.stop();
  }
}

const quantiles = (one: LoadResult | undefined): string => (one ? `${figure(one.p50, 2)}, ${figure(one.p99, 2)}` : "–");

function print(title: string, measured: readonly Measured[], connections: readonly number[]): void {
  console.log(`\n### ${title}\n\n| | ${connections.map((count) => `${count} conn., /s`).join(" | ")} | 1 conn. p50, ms | at 20 %: p50, p99, ms | at 70 %: p50, p99, ms | failures | MB |\n|${"---|".repeat(connections.length + 6)}`);
  for (const { name, byConnections, at70, at20, memory } of measured) {
    const rates = connections.map((count) => figure(byConnections.get(count)!.perSecond));
    const failures = [...byConnections.values()].reduce((sum, one) => sum + one.failures, at70?.failures ?? 0);
    console.log(`| ${name} | ${rates.join(" | ")} | ${figure(byConnections.get(1)?.p50 ?? Number.NaN, 3)} | ${quantiles(at20)} | ${quantiles(at70)} | ${failures} | ${figure(memory / 1e6)} |`);
  }
  const best = (some: readonly Measured[]) => Math.max(...some.flatMap(({ byConnections }) => [...byConnections.values()].map(({ perSecond }) => perSecond)));
  const peers = measured.filter(({ name, floor }) => !floor && !name.startsWith("millrace"));
  const mine = measured.filter(({ name }) => name.startsWith("millrace"));
  if (peers.length > 0) console.log(`\nBest of ours to the best of theirs: ${figure(best(mine) / best(peers), 1)}×; over JSON alone ${figure(best(mine.filter(({ name }) => name === "millrace")) / best(peers), 1)}×.`);
  const busiest = Math.max(...measured.flatMap(({ byConnections }) => [...byConnections.values()].map(({ clientShare }) => clientShare)));
  console.log(`The load process took at most ${figure(busiest * 100)} % of its core.`);
}

/** Rows a request and connections, by model: as many in flight as keep it busy. */
const crowds: Readonly<Record<string, readonly (readonly [rows: number, connections: number])[]>> = {
  mlp: [[1, 64], [1, 256], [8, 64]],
  conv: [[1, 64], [8, 64]],
  resnet: [[1, 16], [8, 4]],
};

/** Rows per second of the gateway beside the raw loop. */
async function ceiling(model: string): Promise<void> {
  const program = fileURLToPath(new URL("./ceiling.ts", import.meta.url));
  const { stdout } = await run("taskset", ["-c", "0", process.execPath, program, file(model), JSON.stringify(shapes[model]), String(Math.min(3, seconds))]);
  const raw = JSON.parse(stdout) as Record<string, number>;
  const best = Math.max(...Object.values(raw));
  for (const [rows, connections] of crowds[model] ?? [[1, 64], [8, 64]]) {
    const { body, headers } = request(ours.binary, shapes[model], rows);
    const bodyFile = join(scratch, "body");
    await writeFile(bodyFile, body);
    const server = await startServer(ours.binary, file(model), body, headers);
    try {
      const common = { port: server.port, path: ours.binary.path, body: bodyFile, headers, connections, rate: 0 };
      await load({ ...common, seconds: 3 });
      const { perSecond, p50 } = await load({ ...common, seconds: model === "resnet" ? Math.max(10, seconds) : seconds });
      console.log(`| ${model}, ${rows} rows a request, ${connections} connections | ${figure(best)} (${Object.entries(raw).map(([size, value]) => `${size}: ${figure(value)}`).join(", ")}) | ${figure(perSecond * rows)} (p50 ${figure(p50, 1)} ms) | ${figure((100 * perSecond * rows) / best)} % |`);
    } finally {
      await server.stop();
    }
  }
}

/** What features cost, alternating with the plain gateway so that noise hits both. */
async function features(): Promise<void> {
  const model = file("small");
  const variant = (name: string, weight: number, shadow = false) => ({ name, version: name, location: model, weight, shadow });
  const off = ["--log-predictions", "off"];
  const cases: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ["canary 50/50", [variant("champion", 0.5), variant("challenger", 0.5)], off],
    ["one shadow, on the same core", [variant("champion", 1), variant("next", 0, true)], off],
    ["prediction log, written on the same core", [variant("champion", 1)], []],
    ["metrics of four peers", [variant("champion", 1)], [...off, ...["triton", "tensorflow-serving", "torchserve", "mlserver"].flatMap((name) => ["--peer-metrics", name])]],
  ];
  console.log("\n### What features cost (small model, JSON, 64 connections)\n\n| | plain, /s | with it, /s | cost |\n|---|---|---|---|");
  for (const [name, variants, more] of cases) {
    const rates = [[], []] as number[][];
    for (let round = 0; round < 3; round++) {
      for (const [index, own] of [[0, undefined], [1, variants]] as const) {
        const contender: Contender = { ...ours.json, command: (path, port, folder) => gatewayCommand(path, port, folder, own, index === 1 ? more : off) };
        const { body, headers } = request(contender, shapes["small"], 1);
        await writeFile(join(scratch, "body"), body);
        const server = await startServer(contender, model, body, headers);
        const common = { port: server.port, path: contender.path, body: join(scratch, "body"), headers, connections: 64, rate: 0 };
        await load({ ...common, seconds: 2 });
        rates[index].push((await load({ ...common, seconds })).perSecond);
        await server.stop();
      }
    }
    const [plain, withIt] = rates.map((list) => list.toSorted((a, b) => a - b)[1]);
    console.log(`| ${name} | ${figure(plain)} | ${figure(withIt)} | ${figure(100 * (1 - withIt / plain), 1)} % |`);
  }
}

const names = values.models.split(",");
if (names.some((name) => !existsSync(file(name)))) {
  await environment("models", ["numpy", "onnx", "scikit-learn", "skl2onnx"]);
  await run(join(cache, "models", "bin", "python"), [fileURLToPath(new URL("./make_models.py", import.meta.url)), models]);
}
if (wanted.has("peers")) {
  const asked = new Set(values.peers.split(";"));
  for (const model of names) {
    const connections = model === "resnet" ? [1, 8] : model === "conv" || model === "mlp" ? [1, 8, 64] : [1, 8, 64, 256];
    const measured: Measured[] = [];
    expected = undefined;
    for (const contender of [...Object.values(ours), ...contenders.filter(({ name }) => asked.has(name))]) {
      console.error(`${model}: ${contender.name} …`);
      try {
        if (contender.packages.length > 0) await environment(contender.name.split(",")[0], contender.packages);
        measured.push(await measure(contender, model, connections));
      } catch (error) {
        console.log(`${contender.name} was not measured with ${model}: ${error instanceof Error ? error.message.slice(-600) : String(error)}`);
      }
    }
    print(model, measured, connections);
  }
}
if (wanted.has("ceiling")) {
  console.log("\n### The raw loop and the gateway, rows per second on one core\n\n| | raw loop (by batch size) | gateway | share |\n|---|---|---|---|");
  for (const model of names) await ceiling(model);
}
if (values.before !== undefined) {
  await measureBefore(
    values.before,
    names.map((model) => ({ model, file: file(model), body: request(ours.json, shapes[model], 1).body, headers: ours.json.headers })),
    seconds,
  );
}
if (wanted.has("features")) await features();
if (wanted.has("json")) await measureJson();
await rm(scratch, { recursive: true });
// Daemons that a peer leaves behind (Ray's) hold our pipes open.
process.exit(0);
