import { eventTimes } from "../data/event-time.ts";
import { loadSource } from "../data/sources/load-source.ts";
import { inspectSource } from "../data/sources/source.ts";
import type { Column, Table } from "../data/types.ts";
import { invalid, MillraceError } from "../errors.ts";
import { client } from "../http/client.ts";
import type { MonitoringRoutes } from "../monitoring/routes.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { Decision, Loop } from "../optimization/types.ts";

export interface ReplayOptions {
  readonly server: string;
  readonly gateway: string;
  readonly loop: Loop;
  readonly signal: AbortSignal;
  /** The column that says when labels came; absent: after the project's delay. */
  readonly arrivals?: string;
  /** Told after each window: which it was, of how many, what the loop decided, and how many requests were sent so far. */
  readonly onWindow: (window: { readonly index: number; readonly windows: number; readonly time: number; readonly decisions: readonly Decision[]; readonly requests: number }) => void;
}

/**
 * Replays the rows after a project's `data.until` as production, on a virtual clock: each window's rows as real requests to the gateway,
 * then the labels that have arrived by the window's end, then a turn of the loop. A replay that was cut off goes on from the loop's last
 * turn; requests of a window that are sent again have the same ids and count once.
 */
export async function replay({ server, gateway, loop, signal, arrivals, onWindow }: ReplayOptions): Promise<{ windows: number }> {
  const { project, endpoint } = loop;
  if (!project.data.time) throw invalid("replay.no_time", "A replay needs data.time, the column that says when a row happened");
  const table = await readSource(project.data);
  const times = eventTimes(table, project.data.time);
  const target = table.columns.find((column) => column.name === project.data.target)!;
  const rows = [...times.keys()].filter((row) => times[row] >= loop.startedAt && !Number.isNaN(times[row])).sort((a, b) => times[a] - times[b] || a - b);
  const last = rows.at(-1);
  if (last === undefined) throw invalid("replay.no_rows", `${project.data.source} has no rows from ${new Date(loop.startedAt).toISOString()} on to replay`);
  const { window } = project.monitor;
  const windows = Math.floor((times[last] - loop.startedAt) / window) + 1;
  const arrivedAt = arrivalsOf(table, times, arrivals, project.monitor.labelDelay);
  const optimization = client<OptimizationRoutes>(server, "optimization");
  const monitoring = client<MonitoringRoutes>(server, "monitoring");

  const turnLoop = async (time: number): Promise<readonly Decision[]> => {
    for (;;) {
      const turn = await optimization("POST /loops/:endpoint/ticks", { params: { endpoint }, body: { time } }, { signal });
      if (turn.state === "done") return turn.decisions;
    }
  };

  const { tick } = await optimization("GET /loops/:endpoint", { params: { endpoint } });
  // A turn that was cut off comes first: traffic must not overtake what it decides.
  if (tick?.state === "running") await turnLoop(tick.time);
  const begun = tick?.time ?? loop.startedAt;
  let requests = 0;
  for (let time = begun; time < loop.startedAt + windows * window; time += window) {
    const until = time + window;
    const now = rows.filter((row) => times[row] >= time && times[row] < until);
    for (let from = 0; from < now.length; from += together) await Promise.all(now.slice(from, from + together).map((row) => predict(gateway, loop, table, row, times[row], signal)));
    requests += now.length;
    const labels = rows
      .filter((row) => arrivedAt[row] > time && arrivedAt[row] <= until && valueOf(target, row) !== null)
      .map((row) => ({ request_id: requestId(row), label: valueOf(target, row)!, arrived_at: arrivedAt[row] }));
    for (let from = 0; from < labels.length; from += labelsTogether) {
      await monitoring("POST /monitors/:endpoint/labels", { params: { endpoint }, query: { match: false }, body: { labels: labels.slice(from, from + labelsTogether) } }, { signal });
    }
    const decisions = await turnLoop(until);
    onWindow({ index: Math.round((until - loop.startedAt) / window), windows, time, decisions, requests });
  }
  return { windows };
}

/** Requests that are under way at once, and labels in one delivery. */
const [together, labelsTogether] = [256, 5000];

/** When each row's label comes, ms: when a column says, else the delay after the row. */
function arrivalsOf(table: Table, times: Float64Array, arrivals: string | undefined, delay: number): Float64Array {
  if (arrivals === undefined) return times.map((time) => time + delay);
  const column = table.columns.find(({ name }) => name === arrivals);
  if (column?.type === "number") return column.values;
  throw invalid("replay.no_arrivals", column ? `Column ${arrivals} holds no points in time, so it cannot say when labels came` : `There is no column ${arrivals}; the columns are ${table.columns.map(({ name }) => name).join(", ")}`);
}

/** The latest event time among a loop's source rows, ms. */
export async function lastEventTime(loop: Loop): Promise<number> {
  const { time } = loop.project.data;
  if (!time) throw invalid("replay.no_time", "A replay needs data.time, the column that says when a row happened");
  return eventTimes(await readSource(loop.project.data), time).reduce((latest, one) => (one > latest ? one : latest), Number.NEGATIVE_INFINITY);
}

const requestId = (row: number): string => `replay-${row}`;

async function predict(gateway: string, loop: Loop, table: Table, row: number, time: number, signal: AbortSignal): Promise<void> {
  // The time of the event is the request's own; the gateway knows it by that.
  const inputs = loop.features.filter(({ name }) => name !== loop.project.data.time?.column).map((feature) => {
    const value = valueOf(table.columns.find((column) => column.name === feature.name)!, row);
    if (feature.type === "timestamp") return { name: feature.name, shape: [1, 1], datatype: "BYTES", data: [typeof value === "number" ? new Date(value).toISOString() : null] };
    return { name: feature.name, shape: [1, 1], datatype: feature.type === "number" ? "FP32" : "BYTES", data: [feature.type === "number" || value === null ? value : String(value)] };
  });
  const response = await fetch(`${gateway}/v2/models/${encodeURIComponent(loop.endpoint)}/infer`, {
    method: "POST",
    body: JSON.stringify({ id: requestId(row), parameters: { event_time: time }, inputs }),
    headers: { "content-type": "application/json" },
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new MillraceError("replay.refused", 500, `The gateway answered ${response.status} to row ${row}: ${text.slice(0, 300)}`);
}

function valueOf(column: Column, row: number): number | string | null {
  if (column.type === "number") return Number.isNaN(column.values[row]) ? null : column.values[row];
  return column.codes[row] < 0 ? null : column.dictionary[column.codes[row]];
}

/** The source as the project reads it. */
const readSource = async ({ source, target, reading }: Loop["project"]["data"]): Promise<Table> => await loadSource(await inspectSource(source, { ...reading, target }));
