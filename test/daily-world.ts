import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { replay } from "../src/commands/replay.ts";
import { client } from "../src/http/client.ts";
import type { MonitoringRoutes } from "../src/monitoring/routes.ts";
import type { OptimizationRoutes } from "../src/optimization/routes.ts";
import type { Decision, Loop } from "../src/optimization/types.ts";
import { seededRandom } from "../src/training/random.ts";

export const dayMs = 86_400_000;
export const perDay = 24;
const first = Date.UTC(2024, 0, 1);

/** A little world: 24 rows a day, a number and a group, and what they make of the target, which may change from day to day. */
export interface World {
  /** How a challenger replaces the champion; by canary when absent. */
  readonly strategy?: "canary" | "immediate";
  /** Days the first model learns from. */
  readonly baseDays: number;
  /** Days that are replayed as production. */
  readonly liveDays: number;
  /** The target on a live day (counted from 0; negative in the base). */
  readonly target: (x: number, group: number, day: number) => number;
  /** How far the number has moved from its usual place between 0 and 10. */
  readonly moved?: (day: number) => number;
}

/** How the world is at first. */
export const usual = (x: number, group: number): number => 10 * x + 20 * group + 30;

/** Writes the world's table and project; returns the project's path. */
export async function writeWorld(folder: string, world: World): Promise<string> {
  const random = seededRandom(11);
  const lines = ["at,x,group,y"];
  for (let row = 0; row < (world.baseDays + world.liveDays) * perDay; row++) {
    const day = Math.floor(row / perDay) - world.baseDays;
    const [x, group] = [Math.round(random() * 100) / 10 + (world.moved?.(day) ?? 0), Math.floor(random() * 3)];
    const noise = (random() + random() + random() - 1.5) * 4;
    lines.push(`${new Date(first + row * (dayMs / perDay)).toISOString().slice(0, 19).replace("T", " ")},${x},${"abc"[group]},${(world.target(x, group, day) + noise).toFixed(3)}`);
  }
  await writeFile(join(folder, "world.csv"), `${lines.join("\n")}\n`);
  const file = join(folder, "millrace.yaml");
  const until = new Date(first + world.baseDays * dayMs).toISOString().slice(0, 10);
  await writeFile(
    file,
    `model: world
data: { source: world.csv, target: y, time: at, until: ${until}, split: { by: time, test: 0.2 } }
train: { params: { iterations: 60 } }
deploy: { strategy: ${world.strategy ?? "canary"}, share: 10%, min_labels: 24, max_duration: 3d, alpha: 0.2 }
monitor: { window: 1d, label_delay: 1d, drift: { window: 7d } }
retrain: { on: [performance], cooldown: 2d, holdout: 14d }
`,
  );
  return file;
}

export const liveStart = (world: World): number => first + world.baseDays * dayMs;

/** Replays the live days, going on from where an earlier replay was cut off. `onDay` hears of each day's end. */
export async function replayWorld(server: string, gateway: string, onDay: (index: number, decisions: readonly Decision[]) => void = () => undefined): Promise<void> {
  const { loop } = await client<OptimizationRoutes>(server, "optimization")("GET /loops/:endpoint", { params: { endpoint: "world" } });
  await replay({ server, gateway, loop, signal: new AbortController().signal, onWindow: ({ index, decisions }) => onDay(index, decisions) });
}

export interface Story {
  readonly loop: Loop;
  readonly decisions: readonly Decision[];
  /** Live error, per window and variant. */
  readonly windows: readonly unknown[];
}

/** What the loop decided and measured: all that must not depend on crashes. */
export async function storyOf(server: string): Promise<Story> {
  const endpoint = { params: { endpoint: "world" } };
  const { loop } = await client<OptimizationRoutes>(server, "optimization")("GET /loops/:endpoint", endpoint);
  const { decisions } = await client<OptimizationRoutes>(server, "optimization")("GET /loops/:endpoint/decisions", { ...endpoint, query: {} });
  const { windows } = await client<MonitoringRoutes>(server, "monitoring")("GET /monitors/:endpoint/errors", { ...endpoint, query: {} });
  return { loop, decisions, windows };
}
