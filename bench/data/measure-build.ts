import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Seconds, but for the peak (MB): what a case took in one round. */
export type Figures = ReadonlyMap<string, number>;

export const trainingSteps: readonly string[] = ["train", "refit"];

/** `init` of a table, once to warm the caches and once to measure, and `run` of what it wrote, in a fresh home, by the build in the folder `build`. */
export async function measureBuild(build: string, table: string, scratch: string): Promise<Figures> {
  const [project, home, mark] = [join(scratch, "bench.yaml"), join(scratch, "home"), randomUUID()];
  const program = join(build, "bin", "millrace.js");
  const call = (...args: string[]) => run(process.execPath, [program, ...args], scratch, mark);
  const init = () => call("init", table, "--target", "y", "--yes", "--force", "--out", project);
  rmSync(home, { recursive: true, force: true });
  const peaks = watchPeaks(mark);
  try {
    await init();
    const { seconds } = await init();
    const { said } = await call("run", project, "--home", home, "--port", "0", "--gateway-port", "0");
    const steps = [...said.matchAll(/✓ (\w+)\s+([\d.,]+) (ms|s|min)\b/g)].map(([, step, amount, unit]): [string, number] => [step, Number(amount.replace(",", "")) * { ms: 0.001, s: 1, min: 60 }[unit as "s"]]);
    const sum = (training: boolean): number => steps.reduce((all, [step, taken]) => all + (trainingSteps.includes(step) === training ? taken : 0), 0);
    if (steps.length === 0) throw new Error(`the build in ${build} told no steps:\n${said}`);
    return new Map([["init", seconds], ...steps.filter(([, taken]) => taken >= 0.1).map(([step, taken]): [string, number] => [`run: ${step}`, taken]), ["run, all but training", sum(false)], ["run, training", sum(true)], ["peak of a process, MB", peaks.stop()]]);
  } finally {
    peaks.stop();
    await call("down", "--home", home).catch(() => undefined);
  }
}

async function run(program: string, args: readonly string[], cwd: string, mark: string): Promise<{ seconds: number; said: string }> {
  const began = performance.now();
  const child = spawn(program, args, { cwd, env: { ...process.env, BENCH_MARK: mark }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}:\n${said}`);
  return { seconds: (performance.now() - began) / 1000, said };
}

/** Asks Linux for the largest resident size of every process that has the mark in its environment, the server in the background and its workers among them. */
function watchPeaks(mark: string): { stop(): number } {
  let most = 0;
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) continue;
        most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) / 1024);
      } catch {
        // It has ended, or is somebody else's.
      }
    }
  };
  const timer = setInterval(look, 150);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
