import { randomUUID } from "node:crypto";
import type { House } from "../../stage.ts";
import { writeTogether } from "../../storage/group-commit.ts";
import { deleteTraces, deleteTraceTag, linkPrompts, linkTracesToRun, setTraceTag } from "../../tracking/traces/change-trace.ts";
import { readSpans, readTrace, readTraces } from "../../tracking/traces/read-traces.ts";
import { endTrace, startTrace } from "../../tracking/traces/start-trace.ts";
import { spansAreHere, traceKeys } from "../../tracking/traces/trace-tables.ts";
import type { Span, Trace } from "../../tracking/traces/types.ts";
import { checkKey } from "../limits.ts";
import { invalidParameter, missingResource } from "../mlflow-error.ts";
import { boolean, integer, keyValue, list, map, message, oneOf, orElse, required, string } from "../mlflow-fields.ts";
import { rpc, type Rpc } from "../mlflow-route.ts";
import { assessmentFields, newAssessment } from "./assessment-fields.ts";
import { checkTraceId, duration, location, stateNumbers, stateOf, statusNumbers, timestamp } from "./trace-fields.ts";
import { traceInfoMessage, traceInfoV2Message, traceMessage } from "./trace-messages.ts";

const [v2, v3] = ["2.0/mlflow/traces", "3.0/mlflow/traces"];

const traceInfo = message({
  trace_id: required(string),
  client_request_id: string,
  trace_location: required(location),
  request_preview: string,
  response_preview: string,
  request_time: timestamp,
  execution_duration: duration,
  state: oneOf(stateNumbers),
  trace_metadata: orElse(map, {}),
  tags: orElse(map, {}),
  assessments: list(message(assessmentFields)),
});

/** Most traces that one request links to a run. */
const mostLinks = 100;

const valuesOf = (pairs: readonly { readonly key: string; readonly value: string }[]): Record<string, string> => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

export const traceRpcs: readonly Rpc[] = [
  rpc("POST", v3, { trace: required(message({ trace_info: required(traceInfo) })) }, async (house, { trace: { trace_info: info } }) => {
    const [id, experimentId, now] = [checkTraceId(info.trace_id), info.trace_location.mlflow_experiment?.experiment_id, house.clock.now()];
    if (!experimentId) throw invalidParameter("Missing value for required parameter 'trace.trace_info.trace_location.mlflow_experiment.experiment_id'.");
    const made = await writeTogether(house.db, async (transaction) => {
      await startTrace(transaction, {
        id,
        experimentId,
        startedAt: info.request_time ?? now,
        duration: info.execution_duration ?? null,
        state: stateOf(info.state),
        clientRequestId: info.client_request_id ?? null,
        requestPreview: info.request_preview ?? null,
        responsePreview: info.response_preview ?? null,
        metadata: info.trace_metadata,
        tags: info.tags,
        assessments: info.assessments.map((assessment) => newAssessment(assessment, id, now)),
      });
      return readTrace(transaction, id);
    });
    return { trace: { trace_info: traceInfoMessage(made) } };
  }),
  rpc("GET", `${v3}/:trace_id`, { trace_id: required(string) }, async (house, { trace_id }) => ({ trace: { trace_info: traceInfoMessage(await readTrace(house.db, trace_id)) } })),
  rpc("GET", `${v3}/get`, { trace_id: required(string), allow_partial: orElse(boolean, false) }, async (house, { trace_id, allow_partial }) => {
    const [trace] = await readTraces(house.db, [trace_id]);
    if (!trace) throw missingResource(`Trace with ID ${trace_id} is not found.`);
    const spans = (await readSpans(house.db, [trace_id])).get(trace_id) ?? [];
    if (!allow_partial && !isWhole(trace, spans)) throw missingResource(`Trace with ID ${trace_id} is not fully exported yet, please try again later.`);
    return { trace: traceMessage(trace, spans) };
  }),
  rpc("GET", `${v3}/batchGet`, { trace_ids: required(list(string)) }, async (house, { trace_ids }) => {
    const [traces, spans] = [await readTraces(house.db, trace_ids), await readSpans(house.db, trace_ids)];
    const whole = traces.filter((trace) => isWhole(trace, spans.get(trace.id) ?? []));
    return { traces: whole.map((trace) => traceMessage(trace, spans.get(trace.id) ?? [])) };
  }),
  rpc("POST", `${v3}/batchGetInfos`, { trace_ids: required(list(string)) }, async (house, { trace_ids }) => ({ trace_infos: (await readTraces(house.db, trace_ids)).map(traceInfoMessage) })),

  rpc("POST", v2, { experiment_id: required(string), timestamp_ms: integer, request_metadata: list(keyValue), tags: list(keyValue) }, async (house, request) => {
    const id = `tr-${randomUUID().replaceAll("-", "")}`;
    const begun = { id, experimentId: request.experiment_id, startedAt: request.timestamp_ms ?? house.clock.now(), metadata: valuesOf(request.request_metadata), tags: valuesOf(request.tags) };
    const nothing = { duration: null, clientRequestId: null, requestPreview: null, responsePreview: null, assessments: [] };
    return written(house, id, (transaction) => startTrace(transaction, { ...begun, ...nothing, state: "in_progress" }));
  }),
  rpc("PATCH", `${v2}/:trace_id`, { trace_id: required(string), timestamp_ms: integer, status: oneOf(statusNumbers), request_metadata: list(keyValue), tags: list(keyValue) }, async (house, request) => {
    const end = { endedAt: request.timestamp_ms ?? house.clock.now(), state: stateOf(request.status), metadata: valuesOf(request.request_metadata), tags: valuesOf(request.tags) };
    return written(house, request.trace_id, (transaction) => endTrace(transaction, request.trace_id, end));
  }),
  rpc("GET", `${v2}/:trace_id/info`, { trace_id: required(string) }, async (house, { trace_id }) => ({ trace_info: traceInfoV2Message(await readTrace(house.db, trace_id)) })),

  ...[v2, v3].flatMap((path): Rpc[] => [
    rpc("PATCH", `${path}/:trace_id/tags`, { trace_id: required(string), key: required(string), value: orElse(string, "") }, async (house, { trace_id, key, value }) => {
      await writeTogether(house.db, (transaction) => setTraceTag(transaction, trace_id, checkKey(key, "key"), value));
      return {};
    }),
    rpc("DELETE", `${path}/:trace_id/tags`, { trace_id: required(string), key: required(string) }, async (house, { trace_id, key }) => {
      await writeTogether(house.db, (transaction) => deleteTraceTag(transaction, trace_id, key));
      return {};
    }),
    rpc("POST", `${path}/link-to-run`, { trace_ids: required(list(string)), run_id: required(string) }, async (house, { trace_ids, run_id }) => {
      if (trace_ids.length > mostLinks) throw invalidParameter(`Cannot link more than ${mostLinks} traces to a run in a single request. Provided ${trace_ids.length} traces.`);
      await writeTogether(house.db, (transaction) => linkTracesToRun(transaction, trace_ids, run_id));
      return {};
    }),
    rpc("POST", `${path}/link-prompts`, { trace_id: required(string), prompt_versions: required(list(message({ name: required(string), version: required(string) }))) }, async (house, request) => {
      await writeTogether(house.db, (transaction) => linkPrompts(transaction, request.trace_id, request.prompt_versions));
      return {};
    }),
    rpc("POST", `${path}/delete-traces`, { experiment_id: required(string), max_timestamp_millis: integer, max_traces: integer, request_ids: list(string) }, async (house, request) => {
      const doomed = doomedOf(request);
      return { traces_deleted: await writeTogether(house.db, (transaction) => deleteTraces(transaction, request.experiment_id, doomed)) };
    }),
  ]),
];

/** Writes to a trace as version 2 does, and answers what it is then. */
async function written(house: House, id: string, write: (transaction: House["db"]) => Promise<void>): Promise<object> {
  const trace = await writeTogether(house.db, async (transaction) => {
    await write(transaction);
    return readTrace(transaction, id);
  });
  return { trace_info: traceInfoV2Message(trace) };
}

/** All spans are here that the client said there are, if they were sent here at all. */
function isWhole({ tags, metadata }: Trace, spans: readonly Span[]): boolean {
  if (tags[traceKeys.spansLocation] !== spansAreHere) return false;
  try {
    const { num_spans: count = 0 } = JSON.parse(metadata[traceKeys.sizeStats] ?? "{}") as { num_spans?: number };
    return spans.length >= count;
  } catch {
    // Not what MLflow writes there: it says nothing of a number.
    return true;
  }
}

function doomedOf(request: { readonly max_timestamp_millis: number | undefined; readonly max_traces: number | undefined; readonly request_ids: readonly string[] }): Parameters<typeof deleteTraces>[2] {
  const { max_timestamp_millis: until, max_traces: most, request_ids: ids } = request;
  if (until === undefined && ids.length === 0) throw invalidParameter("Either `max_timestamp_millis` or `trace_ids` must be specified.");
  if (until !== undefined && ids.length > 0) throw invalidParameter("Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
  if (ids.length > 0 && most !== undefined) throw invalidParameter("`max_traces` can't be specified if `trace_ids` is specified.");
  if (most !== undefined && most <= 0) throw invalidParameter(`\`max_traces\` must be a positive integer, received ${most}.`);
  return until === undefined ? { ids } : { until, most };
}
