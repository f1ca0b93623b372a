import type { TraceState } from "../../tracking/traces/types.ts";
import { invalidParameter } from "../mlflow-error.ts";
import { invalidValue, message, string, type Field } from "../mlflow-fields.ts";

/** google.protobuf.Timestamp: `2026-01-31T12:00:00.123456789Z`; as milliseconds, what is smaller being cut off. */
export const timestamp: Field<number | undefined> = {
  read: (value, name) => {
    if (value === undefined || value === null) return undefined;
    const match = typeof value === "string" ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(value) : null;
    const time = match ? Date.parse(`${match[1]}.${(match[2] ?? "").padEnd(3, "0").slice(0, 3)}${match[3].toUpperCase()}`) : Number.NaN;
    if (Number.isNaN(time)) throw invalidValue(name, value);
    return time;
  },
};

/** google.protobuf.Duration: `1.5s`; as milliseconds, what is smaller being cut off. */
export const duration: Field<number | undefined> = {
  read: (value, name) => {
    if (value === undefined || value === null) return undefined;
    const match = typeof value === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
    if (!match) throw invalidValue(name, value);
    const milliseconds = Number(match[2]) * 1000 + Number((match[3] ?? "").padEnd(3, "0").slice(0, 3));
    return match[1] === "-" ? -milliseconds : milliseconds;
  },
};

export const timestampText = (milliseconds: number): string => new Date(milliseconds).toISOString();
export const durationText = (milliseconds: number): string => `${milliseconds / 1000}s`;

/** MLflow's numbers of a trace's state (version 3) and status (version 2). */
export const stateNumbers = { STATE_UNSPECIFIED: 0, OK: 1, ERROR: 2, IN_PROGRESS: 3 } as const;
export const statusNumbers = { TRACE_STATUS_UNSPECIFIED: 0, OK: 1, ERROR: 2, IN_PROGRESS: 3 } as const;

export const stateOf = (name: keyof typeof stateNumbers | keyof typeof statusNumbers | undefined): TraceState =>
  name === "OK" ? "ok" : name === "ERROR" ? "error" : name === "IN_PROGRESS" ? "in_progress" : "unspecified";

/** Where traces lie: `{type, mlflow_experiment: {experiment_id}}`. */
export const location = message({ mlflow_experiment: message({ experiment_id: string }) });

/** The longest id a trace may have. */
export function checkTraceId(id: string): string {
  if (id.length > 250) throw invalidParameter(`'trace_id' exceeds the maximum length of 250 characters (it has ${id.length})`);
  return id;
}
