import { invalid } from "../errors.ts";
import type { Step } from "../stage.ts";
import { mostThreads, onThread } from "../threads.ts";
import type { IngestOutput } from "./ingest-step.ts";
import type { LeakageFinding } from "./leakage/leakage-types.ts";
import { findLeakage } from "./leakage/leakage.ts";
import { chooseFeatures, type ColumnUse, type Feature, type FeatureOptions } from "./choose-features.ts";
import { columnNotFound } from "./column-names.ts";
import type { ColumnProfile } from "./profile/profile-types.ts";
import { columnProfiles, compareAll, joinProfile, type ProfiledTable } from "./profile/profile.ts";
import { tableOf } from "./held-table.ts";
import { inferSchema, type Schema } from "./validation/schema.ts";
import { inferTask, targetFacts } from "./suggest.ts";
import type { DatasetColumn, Table } from "./types.ts";
import { validate, type Anomaly } from "./validation/validate.ts";

/** What `data.validate` hands on: what the table looks like, what is odd about it, and which columns a model may use. */
export interface ValidateOutput {
  /** Blob of the profile's JSON. */
  readonly profile: { readonly sha256: string; readonly size: number };
  readonly schema: Schema;
  readonly anomalies: readonly Anomaly[];
  readonly findings: readonly LeakageFinding[];
  readonly features: readonly Feature[];
  /** What became of the columns that are no features, or nearly were none. */
  readonly uses: readonly ColumnUse[];
  readonly target: string;
  readonly task: "regression" | "binary" | "multiclass";
  readonly taskReason: string;
}

interface ValidateParams extends FeatureOptions {
  readonly task: ValidateOutput["task"] | null;
  readonly onAnomaly: "fail" | "warn";
  /** The schema and the features of the first version; given when a later version is held to them. */
  readonly schema: Schema | null;
  readonly features: ValidateOutput["features"] | null;
}

/** Fewer cells are profiled before a thread has begun. */
const cellsForThread = 2_000_000;

export const validateStep: Step = {
  name: "data.validate",
  purpose: "Profiles a dataset, holds it to its schema, and finds the columns that would give the target away",
  version: 3,
  where: "worker",
  run: async ({ params, inputs, blobs, report }) => {
    const options = params as unknown as ValidateParams;
    const table = inputs["table"] as IngestOutput;
    const names = table.columns.map((column) => column.name);
    if (!names.includes(options.target)) throw columnNotFound(options.target, names, "target");
    for (const name of options.exclude) if (!names.includes(name)) throw columnNotFound(name, names, "excluded column");
    for (const name of options.keep) if (!names.includes(name)) throw columnNotFound(name, names, "column to keep");
    if (options.group !== null && !names.includes(options.group)) throw columnNotFound(options.group, names, "data.split.group");
    const beside = table.rows * names.length >= cellsForThread && mostThreads() > 1;
    report({ message: `profiling ${table.rows} rows, ${names.length} columns` });
    const loaded = await tableOf(table, blobs);
    const profiled: ProfiledTable = { table: loaded, columns: table.columns };
    // Each column is profiled on another thread, while this one compares rows and columns with each other.
    const coming = beside ? onThread<ProfiledTable, ColumnProfile[]>(import.meta.url, "profile/profile-thread", profiled) : undefined;
    const facts = targetFacts(table.columns.find(({ name }) => name === options.target)!, loaded.columns.find(({ name }) => name === options.target)!);
    const inferred = options.task ? { task: options.task, reason: "the project file says so" } : inferTask(facts);
    const compared = compareAll(loaded, options.target);
    report({ message: "looking for leaks" });
    const findings = options.features ? [] : leaks(loaded, table.columns, options, inferred.task);
    const profile = joinProfile((await coming) ?? columnProfiles(profiled), compared);
    const schema = options.schema ?? inferSchema(profile, { target: options.target });
    const anomalies = validate(profile, schema, { environment: "TRAINING" });
    const errors = anomalies.filter((anomaly) => anomaly.severity === "ERROR");
    if (errors.length > 0 && options.onAnomaly === "fail") {
      throw invalid("data.anomalies", `The data do not fit their schema: ${errors.map((anomaly) => anomaly.message).join("; ")}`, { anomalies: errors });
    }
    const leaking = findings.filter((finding) => finding.kind === "leak");
    if (leaking.length > 0 && options.leakage === "fail") {
      throw invalid("data.leakage", `Columns give the target away: ${leaking.map((finding) => finding.evidence).join("; ")}`, { findings: leaking });
    }
    const { features, uses } = options.features ? { features: options.features, uses: [] } : chooseFeatures(table.columns, options, findings);
    const output: ValidateOutput = {
      profile: await blobs.put(Buffer.from(JSON.stringify(profile))),
      schema,
      anomalies,
      findings,
      features,
      uses,
      target: options.target,
      task: inferred.task,
      taskReason: inferred.reason,
    };
    return output;
  },
};

function leaks(loaded: Table, columns: readonly DatasetColumn[], options: ValidateParams, task: ValidateOutput["task"]): LeakageFinding[] {
  const timestamps = columns.filter((column) => column.type === "timestamp").map((column) => column.name);
  const checked = { ...loaded, columns: loaded.columns.filter((column) => !options.exclude.includes(column.name)) };
  return findLeakage(checked, { target: options.target, task, keep: options.keep, time: options.time, timestamps: options.time === null ? timestamps : [...new Set([...timestamps, options.time])] });
}
