import { day } from "../clock.ts";
import type { House } from "../stage.ts";
import { pathLiteral, query, withConnection } from "../storage/duckdb.ts";
import { logRows } from "./log-rows.ts";
import { loggedDays, windowFiles } from "./prediction-log.ts";
import { despiteUnreadable, leftOut } from "./unreadable-files.ts";

/** What was asked of an endpoint in one span of time, by its prediction log: so it outlives every restart of the gateway. */
export interface TrafficSpan {
  /** Milliseconds. */
  readonly start: number;
  readonly version: number;
  readonly variant: string;
  /**
   * Requests that got an answer or failed, shadows' apart. Where only a share of the answers is logged each stands for as many as that share says, so this is an
   * estimate then, and whole otherwise.
   */
  readonly requests: number;
  /** Those of them that failed; all of them are logged. */
  readonly errors: number;
  /** Milliseconds of the answered ones; null where none was. */
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Traffic {
  /** The span that each entry stands for, ms; 0 where nothing is logged. */
  readonly width: number;
  readonly from: number;
  readonly until: number;
  /** Whether answers were logged in part, so that requests are estimated. */
  readonly sampled: boolean;
  /** In order of time, then version and variant; spans without a request are left out. */
  readonly spans: readonly TrafficSpan[];
}

const minute = 60_000;
const widths = [5 * minute, 15 * minute, 60 * minute, 6 * 60 * minute, day, 7 * day] as const;
/** As many spans at most. */
const most = 200;

/** Requests, errors and latency of the last `days` days that have any, in spans of one of six widths from five minutes to a week, the smallest that makes at most 200. */
export async function trafficOf(house: House, endpoint: string, days: number): Promise<Traffic> {
  const last = (await loggedDays(house, endpoint)).findLast(isDate);
  if (last === undefined) return { width: 0, from: 0, until: 0, sampled: false, spans: [] };
  const until = Date.parse(last) + day;
  const from = until - days * day;
  const width = widths.find((one) => (until - from) / one <= most) ?? widths[widths.length - 1];
  return despiteUnreadable(house, endpoint, async () => {
    const files = await windowFiles(house, endpoint, { from, until }, await leftOut(house, endpoint));
    if (files.length === 0) return { width, from, until, sampled: false, spans: [] };
    const rows = await withConnection((connection) =>
      query<Row>(
        connection,
        // A request of several rows is one: its first. How long it took is the same in all of them.
        `SELECT (epoch_ms(event_time) // ${width} * ${width})::DOUBLE AS start, version::INTEGER AS version, variant,
           sum(CASE WHEN status = 'ok' THEN 1 / coalesce(log_share, 1) ELSE 1 END)::DOUBLE AS requests,
           count(*) FILTER (WHERE status <> 'ok')::DOUBLE AS errors,
           quantile_cont(latency_us, 0.5) FILTER (WHERE status = 'ok')::DOUBLE / 1000 AS p50,
           quantile_cont(latency_us, 0.99) FILTER (WHERE status = 'ok')::DOUBLE / 1000 AS p99,
           min(coalesce(log_share, 1))::DOUBLE AS share
         FROM (SELECT * FROM ${logRows(files.map(pathLiteral))} UNION ALL BY NAME SELECT NULL::DOUBLE AS log_share, NULL::BIGINT AS latency_us WHERE false)
         WHERE row_index = 0 AND NOT shadow AND epoch_ms(event_time) >= ${from} AND epoch_ms(event_time) < ${until}
         GROUP BY ALL ORDER BY start, version, variant`,
      ),
    );
    return { width, from, until, sampled: rows.some(({ share }) => share < 1), spans: rows.map(({ start, version, variant, requests, errors, p50, p99 }) => ({ start, version, variant, requests, errors, p50, p99 })) };
  });
}

type Row = TrafficSpan & { readonly share: number };

const isDate = (name: string): boolean => /^\d{4}-\d\d-\d\d$/.test(name);
