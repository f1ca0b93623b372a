/**
 * What a replayed year costs beside another checkout of this repository, for the same trainings: rows a day as real requests, their labels a day later, a turn
 * of the loop each day. Without `--growth` nothing is retrained (`retrain.on: []`) and the model is linear; with it, boosting is retrained whenever the labelled
 * rows have grown by that share. Builds take turns; CPU time is user and system of the server, its gateway and its workers, from the first replayed day to the last.
 *
 *     node bin/run.js bench/loop/turns.ts [--before FOLDER] [--rows 50] [--days 365] [--history 2800] [--growth 0.25] [--rounds 1] [--json]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { before: { type: "string" }, rows: { type: "string", default: "50" }, days: { type: "string", default: "365" }, history: { type: "string", default: "2800" }, growth: { type: "string" }, rounds: { type: "string", default: "1" }, json: { type: "boolean", default: false } } });
const [perDay, days] = [Number(values.rows), Number(values.days)];
const [dayMs, start, history] = [86_400_000, Date.UTC(2025, 0, 1), Number(values.history)];
/** Days that the rows of before the replay are spread over. */
const before = 56;
const names = Array.from({ length: 10 }, (_, i) => `x${i}`);

interface Row {
  readonly time: number;
  readonly features: readonly number[];
  readonly target: number;
}

/** Ten numbers a row, two of which the target follows, slowly less so; the same rows every time. */
function rowsOf(): Row[] {
  let state = 42;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return Array.from({ length: history + days * perDay }, (_, i): Row => {
    const features = names.map(() => Math.round(random() * 1000) / 1000);
    const time = i < history ? start - Math.floor(((history - i) * before * dayMs) / history) : start + Math.floor(((i - history) * dayMs) / perDay);
    const day = (time - start) / dayMs;
    return { time, features, target: Math.round(100 * (10 * features[0] + 5 * features[1] * (1 + day / 1000) + random())) / 100 };
  });
}

/** Milliseconds that processors were busy for processes of a home folder and their children, also those that have ended. */
function busyMs(home: string): number {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(home)) continue;
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
      ticks += fields[11] + fields[12] + fields[13] + fields[14];
    } catch {
      // It has just ended: its parent has its time.
    }
  }
  return ticks * 10;
}

async function post<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** The most memory that the server has held, MB. */
function peakOf(pid: number): number {
  const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? Number.NaN) / 1000;
}

interface Figures {
  readonly cpu: number;
  readonly wall: number;
  /** Seconds of the processor and of time that the last day's turn took. */
  readonly turnCpu: number;
  readonly turnWall: number;
  readonly peak: number;
  readonly retrainings: number;
}

/** Replays the year through the server and gateway of a build. */
async function measure(build: string, rows: readonly Row[], scratch: string): Promise<Figures> {
  const home = mkdtempSync(join(scratch, "home-"));
  const program = (...args: string[]): string => execFileSync(process.execPath, [join(build, "bin", "millrace.js"), ...args, "--home", home], { encoding: "utf8", cwd: scratch, stdio: ["ignore", "pipe", "ignore"] });
  const project = join(scratch, "millrace.yaml");
  program("run", project, "--port", "0", "--gateway-port", "0");
  try {
    const { url: server, gateway, pid } = JSON.parse(readFileSync(join(home, "run", "server.json"), "utf8")) as { url: string; gateway: string; pid: number };
    const predict = (row: Row, id: number): Promise<unknown> =>
      post(`${gateway}/v2/models/bench/infer`, {
        id: `row-${id}`,
        parameters: { event_time: row.time },
        inputs: names.map((name, i) => ({ name, shape: [1, 1], datatype: "FP32", data: [row.features[i]] })),
      });
    const [busy, begun] = [busyMs(home), performance.now()];
    let [turnCpu, turnWall] = [0, 0];
    for (let day = 0; day < days; day++) {
      const of = (some: number): [Row, number][] => Array.from({ length: perDay }, (_, i) => history + some * perDay + i).map((at) => [rows[at], at]);
      for (const some of inParts(of(day), 200)) await Promise.all(some.map(([row, id]) => predict(row, id)));
      const labels = day === 0 ? [] : of(day - 1).map(([row, id]) => ({ request_id: `row-${id}`, label: row.target, arrived_at: row.time + dayMs }));
      for (const some of inParts(labels, 10_000)) await post(`${server}/api/monitoring/monitors/bench/labels?match=false`, { labels: some });
      const [used, from] = [busyMs(home), performance.now()];
      // A turn that takes over a minute is asked for again.
      while ((await post<{ running?: boolean; state?: string }>(`${server}/api/optimization/loops/bench/ticks`, { time: start + (day + 1) * dayMs })).state === "running");
      [turnCpu, turnWall] = [(busyMs(home) - used) / 1000, (performance.now() - from) / 1000];
    }
    const cpu = (busyMs(home) - busy) / 1000;
    const wall = (performance.now() - begun) / 1000;
    const { decisions } = (await (await fetch(`${server}/api/optimization/loops/bench/decisions`)).json()) as { decisions: { kind: string }[] };
    return { cpu, wall, turnCpu, turnWall, peak: peakOf(pid), retrainings: decisions.filter(({ kind }) => kind === "alarm").length };
  } finally {
    program("down");
    rmSync(home, { recursive: true, force: true });
  }
}

const inParts = <T>(all: readonly T[], size: number): T[][] => Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));

const scratch = mkdtempSync(join(tmpdir(), "bench-turns-"));
try {
  const rows = rowsOf();
  writeFileSync(join(scratch, "bench.csv"), [["at", ...names, "y"].join(","), ...rows.map(({ time, features, target }) => [new Date(time).toISOString().slice(0, 19), ...features, target].join(","))].join("\n"));
  writeFileSync(
    join(scratch, "millrace.yaml"),
    `model: bench\ndata: { source: bench.csv, target: y, time: at, until: ${new Date(start).toISOString().slice(0, 10)} }\n${values.growth === undefined ? "train: { algorithm: linear }\n" : ""}monitor: { window: 1d, label_delay: 1d }\nretrain: { on: [${values.growth === undefined ? "" : "data"}]${values.growth === undefined ? "" : `, growth: ${values.growth}`} }\n`,
  );
  const builds = [fileURLToPath(new URL("../..", import.meta.url)), ...(values.before === undefined ? [] : [resolve(values.before)])];
  const measured: Figures[][] = builds.map(() => []);
  for (let round = 0; round < Number(values.rounds); round++) for (const [at, build] of builds.entries()) measured[at].push(await measure(build, rows, scratch));
  const titles = { cpu: "processor s", wall: "s", turnCpu: "last turn, processor s", turnWall: "last turn, s", peak: "server's peak MB", retrainings: "retrainings" };
  const median = (numbers: readonly number[]): number => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
  const cases = (["cpu", "wall", "turnCpu", "turnWall", "peak", "retrainings"] as const).map((name) => {
    const [ours, peer = null] = measured.map((rounds) => median(rounds.map((figures) => figures[name])));
    return { case: `${days} days of ${perDay} rows, ${titles[name]}`, ours, peer, ratio: peer === null ? null : ours / peer };
  });
  if (values.json) console.log(JSON.stringify(cases));
  else {
    console.log("| | before | now | now to before |\n|---|---|---|---|");
    for (const { case: name, ours, peer, ratio } of cases) console.log(`| ${name} | ${peer?.toFixed(1) ?? ""} | ${ours.toFixed(1)} | ${ratio?.toFixed(2) ?? ""} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
