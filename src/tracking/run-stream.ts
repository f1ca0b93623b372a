import { Readable } from "node:stream";
import { describeError } from "../errors.ts";
import type { House } from "../stage.ts";
import { numberOf, sayableNumber, type SayableNumber } from "./metric-value.ts";
import { trackingTables } from "./store.ts";

/** What a stream of a run says, as server-sent events. */
export interface RunStreamEvents {
  /** The stream listens: what is read from now on has no gap to what it says. */
  readonly ready: { readonly status: string };
  /** New points by metric, in order. */
  readonly points: Readonly<Record<string, { readonly steps: number[]; readonly times: number[]; readonly values: SayableNumber[] }>>;
  /** Metrics to be read anew: too many points came at once, or some at earlier steps. */
  readonly reload: readonly string[];
  /** The run itself has changed. */
  readonly run: { readonly status: string };
}

interface Pace {
  /** How long news are gathered before they are sent. */
  readonly gatherMs: number;
  /** How often the database is looked at without a word from this process: another may have written. */
  readonly pollMs: number;
  readonly heartbeatMs: number;
}

const usualPace: Pace = { gatherMs: 100, pollMs: 2000, heartbeatMs: 15_000 };

/** Points of one metric that one event carries; more are read anew by the page. */
const mostPoints = 5000;
/** A reader that lags behind by so many bytes is let go: it comes back by itself and reads anew. */
const mostUnsent = 4 << 20;

const open = new WeakMap<House, Set<Readable>>();

/** Ends all streams of a house, so that its server can stop. */
export function endStreams(house: House): void {
  for (const stream of open.get(house) ?? []) stream.push(null);
}

type Seen = { readonly step: number; readonly time: number; readonly value: number; readonly kind: number };

/**
 * A run while it trains: server-sent events (`RunStreamEvents`) of what is logged to it, by this process as soon as it is committed, by
 * another within two seconds. It ends when its reader goes, or with the server.
 */
export async function streamRun(house: House, runId: string, pace: Pace = usualPace): Promise<Readable> {
  const streams = open.get(house) ?? new Set();
  open.set(house, streams);
  const stream = new Readable({ read: () => undefined });
  streams.add(stream);
  const say = <E extends keyof RunStreamEvents>(event: E, data: RunStreamEvents[E]): void => {
    if (stream.readableLength > mostUnsent) stream.push(null);
    else if (!stream.readableEnded && !stream.destroyed) stream.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };

  const tables = trackingTables(house.db);
  const readLatest = async () => tables.selectFrom("latest_metrics").selectAll().where("run_id", "=", runId).execute();
  const readState = async () => tables.selectFrom("runs").select(["status", "ended_at", "name", "lifecycle"]).where("id", "=", runId).executeTakeFirst();
  const seen = new Map<string, Seen>((await readLatest()).map((row) => [row.key, row]));
  let state = await readState();
  let logged = new Set<string>();
  let changed = false;

  const look = async (): Promise<void> => {
    const [keys, told] = [logged, changed];
    [logged, changed] = [new Set(), false];
    const points: Record<string, { steps: number[]; times: number[]; values: SayableNumber[] }> = {};
    const reload: string[] = [];
    for (const latest of await readLatest()) {
      const before = seen.get(latest.key);
      if (before && same(before, latest)) {
        // Something was logged, but nothing comes after what was there: it lies before.
        if (keys.has(latest.key)) reload.push(latest.key);
        continue;
      }
      seen.set(latest.key, latest);
      const news = await readAfter(house, runId, latest.key, before);
      if (news.length > mostPoints) reload.push(latest.key);
      else points[latest.key] = { steps: news.map(({ step }) => step), times: news.map(({ time }) => time), values: news.map((point) => sayableNumber(numberOf(point))) };
    }
    if (Object.keys(points).length > 0) say("points", points);
    if (reload.length > 0) say("reload", reload);
    const now = await readState();
    if (told || JSON.stringify(now) !== JSON.stringify(state)) say("run", { status: now?.status ?? "deleted" });
    state = now;
  };

  let looking = Promise.resolve();
  const lookSoon = (): void => {
    looking = looking.then(look).catch((error: unknown) => {
      house.log.error({ err: error, run: runId }, `a run's stream failed: ${describeError(error)}`);
      stream.push(null);
    });
  };
  let gathering: NodeJS.Timeout | undefined;
  const gather = (): void => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      lookSoon();
    }, pace.gatherMs);
  };
  const silence = [
    house.events.on("tracking.metrics_logged", ({ payload }) => {
      if (payload["runId"] !== runId) return;
      for (const key of payload["keys"] as readonly string[]) logged.add(key);
      gather();
    }),
    house.events.on("tracking.run_changed", ({ payload }) => {
      if (payload["runId"] !== runId) return;
      changed = true;
      gather();
    }),
  ];
  const poll = setInterval(lookSoon, pace.pollMs);
  const heartbeat = setInterval(() => stream.push(": still here\n\n"), pace.heartbeatMs);
  stream.once("close", () => {
    for (const stop of silence) stop();
    clearInterval(poll);
    clearInterval(heartbeat);
    clearTimeout(gathering);
    streams.delete(stream);
  });
  say("ready", { status: state?.status ?? "deleted" });
  return stream;
}

const same = (one: Seen, other: Seen): boolean => one.step === other.step && one.time === other.time && one.value === other.value && one.kind === other.kind;

/** The points of a metric after one of them, one more than an event carries. */
async function readAfter(house: House, runId: string, key: string, last: Seen | undefined) {
  let query = trackingTables(house.db)
    .selectFrom("metric_series")
    .innerJoin("metric_points", "metric_points.series_id", "metric_series.id")
    .select(["metric_points.step", "metric_points.time", "metric_points.value", "metric_points.kind"])
    .where("metric_series.run_id", "=", runId)
    .where("metric_series.key", "=", key);
  if (last) {
    query = query.where((is) =>
      is.or([is("metric_points.step", ">", last.step), is.and([is("metric_points.step", "=", last.step), is("metric_points.time", ">", last.time)])]),
    );
  }
  return query.orderBy("metric_points.step").orderBy("metric_points.time").limit(mostPoints + 1).execute();
}
