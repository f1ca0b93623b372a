/**
 * What a replayed year costs beside another checkout of this repository, for the same trainings: rows a day as real requests, their labels a day later, a turn
 * of the loop each day, and no retraining (`retrain.on: []`), so that both builds do the same. Builds take turns; CPU time is user and system of the server, its
 * gateway and its workers, from the first replayed day to the last.
 *
 *     node bin/run.js bench/loop/turns.ts [--before FOLDER] [--rows 50] [--days 365] [--rounds 1] [--json]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { before: { type: "string" }, rows: { type: "string", default: "50" }, days: { type: "string", default: "365" }, rounds: { type: "string", default: "1" }, json: { type: "boolean", default: false } } });
const [perDay, days] = [Number(values.rows), Number(values.days)];
const [dayMs, start, before] = [86_400_000, Date.UTC(2025, 0, 1), 56];
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
  return Array.from({ length: (before + days) * perDay }, (_, i): Row => {
    const features = names.map(() => Math.round(random() * 1000) / 1000);
    const day = Math.floor(i / perDay) - before;
    return { time: start + day * dayMs + Math.floor(((i % perDay) * dayMs) / perDay), features, target: Math.round(100 * (10 * features[0] + 5 * features[1] * (1 + day / 1000) + random())) / 100 };
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

interface Figures {
  readonly cpu: number;
  readonly wall: number;
  /** Of the last day's turn. */
  readonly turn: number;
}

/** Replays the year through the server and gateway of a build. */
async function measure(build: string, rows: readonly Row[], scratch: string): Promise<Figures> {
  const home = mkdtempSync(join(scratch, "home-"));
  const program = (...args: string[]): string => execFileSync(process.execPath, [join(build, "bin", "millrace.js"), ...args, "--home", home], { encoding: "utf8", cwd: scratch, stdio: ["ignore", "pipe", "ignore"] });
  const project = join(scratch, "millrace.yaml");
  program("run", project, "--port", "0", "--gateway-port", "0");
  try {
    const { url: server, gateway } = JSON.parse(readFileSync(join(home, "run", "server.json"), "utf8")) as { url: string; gateway: string };
    const predict = (row: Row, id: number): Promise<unknown> =>
      post(`${gateway}/v2/models/bench/infer`, {
        id: `row-${id}`,
        parameters: { event_time: row.time },
        inputs: names.map((name, i) => ({ name, shape: [1, 1], datatype: "FP32", data: [row.features[i]] })),
      });
    const [busy, begun] = [busyMs(home), performance.now()];
    let turn = 0;
    for (let day = 0; day < days; day++) {
      const of = (some: number): [Row, number][] => Array.from({ length: perDay }, (_, i) => (before + some) * perDay + i).map((at) => [rows[at], at]);
      await Promise.all(of(day).map(([row, id]) => predict(row, id)));
      const labels = day === 0 ? [] : of(day - 1).map(([row, id]) => ({ request_id: `row-${id}`, label: row.target, arrived_at: row.time + dayMs }));
      if (labels.length > 0) await post(`${server}/api/monitoring/monitors/bench/labels?match=false`, { labels });
      const used = busyMs(home);
      await post(`${server}/api/optimization/loops/bench/ticks`, { time: start + (day + 1) * dayMs });
      turn = busyMs(home) - used;
    }
    return { cpu: (busyMs(home) - busy) / 1000, wall: (performance.now() - begun) / 1000, turn };
  } finally {
    program("down");
    rmSync(home, { recursive: true, force: true });
  }
}

const scratch = mkdtempSync(join(tmpdir(), "bench-turns-"));
try {
  const rows = rowsOf();
  writeFileSync(join(scratch, "bench.csv"), [["at", ...names, "y"].join(","), ...rows.map(({ time, features, target }) => [new Date(time).toISOString().slice(0, 19), ...features, target].join(","))].join("\n"));
  writeFileSync(
    join(scratch, "millrace.yaml"),
    `model: bench\ndata: { source: bench.csv, target: y, time: at, until: ${new Date(start).toISOString().slice(0, 10)} }\ntrain: { algorithm: linear }\nmonitor: { window: 1d, label_delay: 1d }\nretrain: { on: [] }\n`,
  );
  const builds = [fileURLToPath(new URL("../..", import.meta.url)), ...(values.before === undefined ? [] : [resolve(values.before)])];
  const measured: Figures[][] = builds.map(() => []);
  for (let round = 0; round < Number(values.rounds); round++) for (const [at, build] of builds.entries()) measured[at].push(await measure(build, rows, scratch));
  const median = (numbers: readonly number[]): number => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
  const cases = (["cpu", "wall"] as const).map((name) => {
    const [ours, peer = null] = measured.map((rounds) => median(rounds.map((figures) => figures[name])));
    return { case: `${days} days of ${perDay} rows, ${name} s`, ours, peer, ratio: peer === null ? null : ours / peer };
  });
  if (values.json) console.log(JSON.stringify(cases));
  else {
    console.log("| | before | now | now to before |\n|---|---|---|---|");
    for (const { case: name, ours, peer, ratio } of cases) console.log(`| ${name} | ${peer?.toFixed(1) ?? ""} | ${ours.toFixed(1)} | ${ratio?.toFixed(2) ?? ""} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
