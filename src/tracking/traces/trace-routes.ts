import { sql } from "kysely";
import Type from "typebox";
import { route } from "../../http/route.ts";
import { readSpans, readTrace, readTraces } from "./read-traces.ts";
import { countTraces, newestTraced, searchTraces } from "./search-traces.ts";
import { compileTraceFilter, orderTraces } from "./trace-filter.ts";
import type { AttributeValue, Span } from "./types.ts";

export const traceRoutes = {
  "GET /experiments/:id/traces": route({
    summary: "A page of an experiment's traces without their spans, and how many there are: those that a filter of the search language finds, newest first or by an order of that language (`execution_time DESC`)",
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({
      filter: Type.Optional(Type.String({ maxLength: 10_000 })),
      order: Type.Optional(Type.String({ maxLength: 500 })),
      limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
      offset: Type.Integer({ minimum: 0, default: 0 }),
    }),
    handle: async (house, { params, query }) => {
      const where = compileTraceFilter(house.db, query.filter);
      const newest = { by: sql`traces.started_at`, ascending: false };
      const orders = [...(query.order === undefined ? [] : orderTraces(query.order)), newest];
      const ids = await searchTraces(house.db, [params.id], { where, orders, offset: query.offset, limit: query.limit });
      return { traces: await readTraces(house.db, ids), total: await countTraces(house.db, params.id, where) };
    },
  }),
  "GET /traces/newest": route({
    summary: "The experiment that the newest trace is of; null while there is none",
    handle: async (house) => ({ experiment: await newestTraced(house.db) }),
  }),
  "GET /traces/:id": route({
    summary: "One trace with its spans; nanoseconds and other integers beyond 2^53 are texts",
    params: Type.Object({ id: Type.String() }),
    handle: async (house, { params }) => {
      const trace = await readTrace(house.db, params.id);
      const spans = (await readSpans(house.db, [trace.id])).get(trace.id) ?? [];
      return { trace, spans: spans.map(sayableSpan) };
    },
  }),
};

/** A value as JSON says it. */
type Sayable = null | boolean | string | number | readonly Sayable[] | { readonly [key: string]: Sayable };

/** A span as JSON can say it, which has neither `bigint` nor infinities. */
const sayableSpan = (span: Span) => ({
  ...span,
  startedAt: String(span.startedAt),
  endedAt: span.endedAt === null ? null : String(span.endedAt),
  attributes: sayable(span.attributes),
  resource: sayable(span.resource),
  events: span.events.map((event) => ({ ...event, at: String(event.at), attributes: sayable(event.attributes) })),
  links: span.links.map((link) => ({ ...link, attributes: sayable(link.attributes) })),
});

function sayable(value: AttributeValue): Sayable {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly AttributeValue[]).map(sayable);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sayable(inner)]));
}
