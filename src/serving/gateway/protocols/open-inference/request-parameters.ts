import { randomUUID } from "node:crypto";
import { readTime } from "../../../../values/read-cell.ts";
import { invalid } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import { kindOf } from "../../tensors/json-kind.ts";
import { shown } from "../../tensors/shown.ts";

/** Parameters of a request by name, as JSON or gRPC brought them. */
export type Parameters = Readonly<Record<string, unknown>>;

const longestId = 1024;
/** Instants a JavaScript Date and a directory named by its day can hold. */
const latestInstant = Date.UTC(9999, 11, 31);

/**
 * What the parameters of a request say to the gateway: `sticky_key`, `event_time`; `priority` and `timeout` of Triton's
 * schedule policy extension. Those of its sequence extension are refused. Others are nobody's and are left alone.
 */
export function readRequestParameters(parameters: Parameters | undefined): Pick<InferenceRequest, "stickyKey" | "eventTime" | "priority" | "timeoutMs"> {
  if (!parameters) return {};
  refuseSequences(parameters);
  const timeout = readCount(parameters, "timeout", "microseconds");
  return {
    stickyKey: readStickyKey(parameters["sticky_key"]),
    eventTime: readEventTime(parameters["event_time"]),
    priority: readCount(parameters, "priority", "1 for the most urgent"),
    timeoutMs: timeout ? timeout / 1000 : undefined,
  };
}

/** The id of a request; one is made where the client gave none. */
export function readId(id: unknown): string {
  if (id === undefined || id === null || id === "") return randomUUID();
  if (typeof id === "string" && id.length <= longestId) return id;
  throw invalid("serving.bad_request", `"id" must be a string of at most ${longestId} characters.`);
}

function refuseSequences(parameters: Parameters): void {
  const { sequence_id: id = 0, sequence_start: start = false, sequence_end: end = false } = parameters;
  if ((id === 0 || id === "") && start === false && end === false) return;
  throw invalid(
    "serving.no_sequences",
    `parameters.sequence_id, sequence_start and sequence_end ask for a model that keeps state between requests; there is none here. Send requests without them.`,
  );
}

/** Fails with `serving.no_shared_memory` where a tensor is said to lie in memory that client and server share; `at` is its place in the request. */
export function refuseSharedMemory(parameters: Parameters | undefined, at: string): void {
  const name = parameters && Object.keys(parameters).find((key) => key.startsWith("shared_memory_"));
  if (name === undefined) return;
  throw invalid("serving.no_shared_memory", `${at}.parameters.${name} asks for memory shared with the client; there is none here. Send tensors and ask for outputs in the request: JSON, binary_data_size, raw contents.`);
}

function readCount(parameters: Parameters, name: string, unit: string): number | undefined {
  const value = parameters[name];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw invalid("serving.bad_request", `parameters.${name} is ${shown(value)}; it must be an integer (${unit}, 0 for the default).`);
}

function readStickyKey(key: unknown): string | undefined {
  if (key === undefined) return undefined;
  if (typeof key === "string" || typeof key === "number" || typeof key === "bigint") return String(key);
  throw invalid("serving.bad_request", `parameters.sticky_key must be a string or a number, not ${kindOf(key)}.`);
}

function readEventTime(time: unknown): number | undefined {
  if (time === undefined) return undefined;
  // Without a zone it is UTC, whatever the machine's; numbers are told apart by their size.
  const isCell = typeof time === "number" || typeof time === "bigint" || (typeof time === "string" && time.trim() !== "");
  const instant = isCell ? readTime(time, { type: "timestamp", missing: [] }) : undefined;
  if (instant !== undefined && instant >= 0 && instant <= latestInstant) return Math.round(instant);
  throw invalid(
    "serving.bad_request",
    `parameters.event_time is ${shown(time)}; it must be an ISO 8601 instant such as "2026-11-20T12:00:00Z", ` +
      `or seconds, milli- or microseconds since 1970.`,
  );
}

/** No output is wanted as classes. */
export const noClasses: ReadonlyMap<string, number> = new Map();

/** How many classes of an output are wanted; undefined: the output itself. `at` is its place in the request. */
export function readClassification(count: unknown, at: string): number | undefined {
  if (count === undefined || count === 0) return undefined;
  if (Number.isSafeInteger(count) && (count as number) > 0) return count as number;
  throw invalid("serving.bad_request", `${at}.parameters.classification is ${shown(count)}; it must be the number of classes wanted.`);
}
