import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openFuzzer } from "./fuzz.ts";
import { fuzzed } from "./fuzzed.ts";

/*
 * Fuzzes a gateway of its own for as long as it is told: `npm run fuzz:gateway -- --minutes 60 [--seed N]`. Ends with 1 at the first answer that no
 * request may get, and says the seed that brings it again: `--minutes 0 --seed N`.
 */

const { values } = parseArgs({ options: { minutes: { type: "string", default: "1" }, seed: { type: "string", default: String(Date.now() % 2 ** 31) } } });
const [minutes, firstSeed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes >= 0) || !Number.isSafeInteger(firstSeed)) throw new Error("Usage: npm run fuzz:gateway -- --minutes NUMBER [--seed INTEGER]");

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const home = await mkdtemp(join(tmpdir(), "millrace-fuzz-"));
await mkdir(join(home, "gateway"));
const served = Object.entries({ trips: "trips-1", matrix: "matrix" });
const endpoints = served.map(([name, file]) => ({ name, salt: name, variants: [{ name: "champion", version: "1", location: path(`../../fixtures/${file}.onnx`), weight: 1, shadow: false }] }));
await writeFile(join(home, "gateway", "config.json"), JSON.stringify({ revision: 1, endpoints }));
const gateway = spawn(process.execPath, [path("../../main.ts"), "--home", home, "--port", "0", "--grpc-port", "0", "--max-body-mib", "8"], { stdio: ["ignore", "pipe", "inherit"] });
const ended = once(gateway, "exit");
await Promise.race([once(gateway.stdout, "data"), ended.then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}`)))]);
const { port, grpcPort } = JSON.parse(await readFile(join(home, "run", "gateway.json"), "utf8")) as { port: number; grpcPort: number };
const fuzzer = openFuzzer(port, grpcPort);
const memory = async (): Promise<number> => Number(/^process_resident_memory_bytes (.*)$/m.exec(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())![1]) / 2 ** 20;

const until = performance.now() + minutes * 60_000;
const protocols = Object.entries(fuzzed);
let seed = firstSeed;
let level: number | undefined;
try {
  do {
    for (const [, seeds] of protocols) await Promise.all(seeds.map((one) => fuzzer.try(one, seed)));
    seed++;
    if (seed - firstSeed === 1000) level = await memory();
  } while (performance.now() < until);
  const each = protocols.reduce((sum, [, seeds]) => sum + seeds.length, 0);
  console.log(`${(seed - firstSeed) * each} requests, seeds ${firstSeed} to ${seed - 1}: no fault. Memory ${Math.round(await memory())} MiB${level === undefined ? "" : `, ${Math.round(level)} MiB after the first thousand seeds`}.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  fuzzer.close();
  gateway.kill();
  await ended;
  await rm(home, { recursive: true, force: true });
}
