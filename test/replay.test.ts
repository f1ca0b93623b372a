import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ReplaySummary } from "../src/commands/replay-summary.ts";
import { seededRandom } from "../src/training/random.ts";
import { usual, writeWorld } from "./daily-world.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const program = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));

async function replayed(folder: string, file: string, ...more: string[]): Promise<ReplaySummary> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, "replay", file, "--home", join(folder, "home"), "--port", "0", "--gateway-port", "0", "--json", ...more], { maxBuffer: 1e8 });
  return JSON.parse(stdout) as ReplaySummary;
}

test("a project is replayed through the real gateway: the loop beside simpler policies, the same however often it is asked for", async () => {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, { baseDays: 20, liveDays: 12, moved: (day) => (day < 4 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) });
  const first = await replayed(folder, file);
  expect(first).toMatchObject({ windows: 12, metric: "rmse", alarms: 1, trainings: { every_window: 11 } });
  expect(first.table.map(({ labels }) => labels)).toEqual([...Array.from({ length: 11 }, () => 24), 0]);
  // Every figure over all windows is the sum over the windows.
  const pooled = (of: (window: (typeof first.table)[number]) => number | null, labels: (window: (typeof first.table)[number]) => number): number => {
    const known = first.table.filter((window) => of(window) !== null);
    return Math.sqrt(known.reduce((sum, window) => sum + of(window)! ** 2 * labels(window), 0) / known.reduce((sum, window) => sum + labels(window), 0));
  };
  expect(first.loss.loop).toBeCloseTo(pooled(({ loop }) => loop, ({ labels }) => labels), 9);
  expect(first.loss.never).toBeCloseTo(pooled(({ never }) => never, () => 24), 9);
  expect(first.loss.every_window_all).toBeCloseTo(pooled((window) => window.every_window_all, () => 24), 9);
  // The first four days are as before, and then never retraining costs what retraining saves.
  expect(first.loss.loop).toBeLessThan(first.loss.never);
  expect(first.loss.every_window_recent).toBeLessThan(first.loss.never);
  expect(first.loss.hindsight).toBeLessThanOrEqual(first.loss.every_window_all);
  // At ρ = 1 retraining every window costs as much as never to; a policy's regret is its loss and its trainings' price beyond the best schedule's.
  expect(first.regret.map(({ rho }) => rho)).toEqual([0.25, 0.5, 1]);
  const [, half, whole] = first.regret;
  expect(whole.never).toBeCloseTo(whole.every_window, 9);
  const gap = first.loss.never ** 2 - Math.min(first.loss.every_window_all, first.loss.every_window_recent) ** 2;
  expect(half.loop - half.never).toBeCloseTo((first.loss.loop ** 2 - first.loss.never ** 2) / gap + (0.5 * first.trainings.loop) / 11, 9);
  expect(first.table[0]).toMatchObject({ window: 1, start: "2024-01-21T00:00:00.000Z", trainings: 0 });
  expect(first.promotions.length).toBeGreaterThan(0);
  expect(first.promotions[0]).toMatchObject({ version: 2, replaced: 1, surely_worse: false });
  expect(first.promotions[0].loss!).toBeLessThan(first.promotions[0].replaced_loss!);
  expect(await replayed(folder, file)).toEqual(first);
});

test("classes are replayed, too, and labels come when a column says", async () => {
  const folder = await temporaryFolder();
  const random = seededRandom(2);
  const day = 86_400_000;
  const start = Date.UTC(2024, 0, 1);
  const lines = ["at,a,b,known,class"];
  for (let row = 0; row < 30 * 40; row++) {
    const time = start + row * (day / 40);
    const [a, b] = [random() * 10, random() * 10];
    lines.push([new Date(time).toISOString().slice(0, 19), a.toFixed(3), b.toFixed(3), new Date(time + 2 * day).toISOString().slice(0, 19), (a + b > 10) !== random() < 0.05 ? "high" : "low"].join(","));
  }
  await writeFile(join(folder, "rows.csv"), lines.join("\n"));
  const file = join(folder, "millrace.yaml");
  await writeFile(file, "model: classes\ndata: { source: rows.csv, target: class, time: at, exclude: [known], until: 2024-01-25 }\n");
  const summary = await replayed(folder, file, "--arrivals", "known");
  expect(summary).toMatchObject({ windows: 6, metric: "log_loss", alarms: 0 });
  // A window counts the labels that have come: but for the one of midnight, those of the last two days come after the replay.
  expect(summary.table.map(({ labels }) => labels)).toEqual([40, 40, 40, 40, 1, 0]);
  expect(summary.loss.loop).toBeLessThan(0.45);
  await expect(replayed(folder, file, "--arrivals", "nothing")).rejects.toMatchObject({ stdout: expect.stringMatching(/There is no column nothing|no column nothing/) as string });
});

test.each([
  ["time", "data: { source: rows.csv, target: y }", /A replay needs data\.time/],
  ["beginning", "data: { source: rows.csv, target: y, time: at }", /A replay needs data\.until/],
])("a project without a %s is refused with what is missing", async (_, text, message) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "rows.csv"), "at,x,y\n2024-01-01,1,2\n");
  await writeFile(join(folder, "millrace.yaml"), `${text}\n`);
  await expect(replayed(folder, join(folder, "millrace.yaml"))).rejects.toMatchObject({ stdout: expect.stringMatching(message) as string });
});
