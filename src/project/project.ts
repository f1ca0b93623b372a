import { parseDuration } from "../clock.ts";
import type { ProjectFile } from "./schema.ts";
import { completeTriggers, type ProjectTrigger } from "./triggers.ts";

/** A project file with every default filled in; durations in milliseconds, shares as numbers. Plain JSON: it is stored with what it made. */
export interface Project {
  readonly model: string;
  /** The commit the project's folder stood at, see `code-version.ts`. */
  readonly code: string | null;
  readonly data: {
    /** Absolute path of the source table. */
    readonly source: string;
    readonly target: string;
    readonly task: "regression" | "binary" | "multiclass" | null;
    readonly time: { readonly column: string; readonly hour: string | null } | null;
    readonly from: string | null;
    readonly until: string | null;
    readonly exclude: readonly string[];
    /** How cells are read, as far as the project says it. Absent in projects that were stored before it could be said. */
    readonly reading?: Pick<ProjectFile["data"], "missing" | "decimal" | "thousands" | "dates" | "types">;
    /** Absent in projects that were stored before it could be said. */
    readonly keep?: readonly string[];
    readonly split: { readonly by: "time" | "random"; readonly test: number; readonly group?: string };
  };
  readonly validate: { readonly onAnomaly: "fail" | "warn"; readonly leakage: "exclude" | "fail" | "ignore" };
  readonly train: {
    /** The trainer; `run` where a command of the project's own trains. */
    readonly algorithm: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly seed: number;
    readonly refit: boolean;
    /** Absent where one of our trainers trains. */
    readonly command?: ProjectCommand;
  };
  readonly evaluate: { readonly slices: readonly string[]; readonly gate: Readonly<Record<string, MetricRule>> };
  readonly deploy: {
    readonly strategy: "canary" | "immediate";
    readonly share: number;
    readonly minLabels: number;
    readonly maxDuration: number;
    readonly alpha: number;
    /** How it is served, in the gateway's words; what is absent stays as it was set. Absent in projects that were stored before it could be said. */
    readonly settings?: {
      readonly batching?: { readonly maxRows?: number; readonly delayMs?: number; readonly queueRows?: number; readonly timeoutMs?: number; readonly weight?: number; readonly merge?: boolean };
      readonly log?: { readonly share: number };
      readonly pinned?: boolean;
    };
  };
  readonly monitor: {
    readonly window: number;
    readonly labelDelay: number;
    readonly performance: { readonly falseAlarms: number; readonly threshold: number | null; readonly slack: number; readonly slip: number; readonly max: number | null };
    readonly drift: { readonly method: "psi" | "jensen_shannon"; readonly threshold: number; readonly window: number; readonly share: number; readonly exclude: readonly string[]; readonly minRows: number; readonly gaps: number; readonly falseAlarms: number };
  };
  readonly retrain: { readonly on: readonly ("performance" | "drift" | "data")[]; readonly growth: number; /** Absent, as the budget, in projects that were stored before it could be said. */ readonly cost?: number; readonly budget?: number; readonly cooldown: number; readonly holdout: number | null };
  /** Absent where nothing but people and the loop starts its pipeline. */
  readonly triggers?: readonly ProjectTrigger[];
}

/** A command that trains, as the project file says it. */
export interface ProjectCommand {
  readonly run: string;
  /** Absolute path of the project's folder, in a copy of which the command runs. */
  readonly folder: string;
  /** Paths in that folder; null: all of it. */
  readonly files: readonly string[] | null;
  readonly format: "parquet" | "csv";
  /** Milliseconds; null: as long as it takes. */
  readonly timeout: number | null;
  /** What declares the environment of Python that it runs in. */
  readonly python?: string;
}

/** What a gate asks of a metric. */
export interface MetricRule {
  readonly max?: number;
  readonly min?: number;
  readonly better_than_champion?: number;
  readonly better_than_naive?: number;
}

/** Fills in the defaults. `place` is what the place of the file in the file system says. */
export function completeProject(file: ProjectFile, place: { readonly model: string; readonly folder: string; readonly source: string; readonly code: string | null }): Project {
  const { data, validate, train, evaluate, deploy, monitor, retrain, triggers } = file;
  const time = typeof data.time === "string" ? { column: data.time, hour: null } : data.time ? { column: data.time.column, hour: data.time.hour ?? null } : null;
  return {
    model: file.model ?? place.model,
    code: place.code,
    data: {
      source: place.source,
      target: data.target,
      task: data.task ?? null,
      time,
      from: data.from ?? null,
      until: data.until ?? null,
      exclude: data.exclude ?? [],
      keep: data.keep ?? [],
      reading: {
        ...(data.missing !== undefined && { missing: data.missing }),
        ...(data.decimal !== undefined && { decimal: data.decimal }),
        ...(data.thousands !== undefined && { thousands: data.thousands }),
        ...(data.dates !== undefined && { dates: data.dates }),
        ...(data.types !== undefined && { types: data.types }),
      },
      split: {
        by: data.split?.by ?? (time && data.split?.group === undefined ? "time" : "random"),
        test: data.split?.test ?? 0.2,
        ...(data.split?.group !== undefined && { group: data.split.group }),
      },
    },
    validate: { onAnomaly: validate?.on_anomaly ?? "fail", leakage: validate?.leakage ?? "exclude" },
    train: { ...algorithmOf(train, place.folder), params: train?.params ?? {}, seed: train?.seed ?? 0, refit: train?.refit ?? true },
    evaluate: { slices: evaluate?.slices ?? [], gate: evaluate?.gate ?? {} },
    deploy: {
      strategy: deploy?.strategy ?? "canary",
      share: share(deploy?.share, 0.1),
      minLabels: deploy?.min_labels ?? 0,
      maxDuration: duration(deploy?.max_duration, "56d"),
      alpha: deploy?.alpha ?? 0.2,
      settings: settingsOf(deploy),
    },
    monitor: {
      window: duration(monitor?.window, "1d"),
      labelDelay: duration(monitor?.label_delay, "1d"),
      performance: {
        falseAlarms: monitor?.performance?.false_alarms ?? 0.1,
        threshold: monitor?.performance?.threshold ?? null,
        slack: monitor?.performance?.slack ?? 0.05,
        slip: monitor?.performance?.slip ?? 0.1,
        max: monitor?.performance?.max ?? null,
      },
      drift: {
        method: monitor?.drift?.method ?? "psi",
        threshold: monitor?.drift?.threshold ?? 0.2,
        window: duration(monitor?.drift?.window, "7d"),
        share: share(monitor?.drift?.share, 0.5),
        exclude: monitor?.drift?.exclude ?? [],
        minRows: monitor?.drift?.min_rows ?? 100,
        gaps: share(monitor?.drift?.gaps, 0.1),
        falseAlarms: share(monitor?.drift?.false_alarms, 0.01),
      },
    },
    retrain: {
      on: retrain?.on ?? ["performance", "data"],
      growth: retrain?.growth ?? 0.3,
      cost: retrain?.cost ?? 0.3,
      budget: retrain?.budget ?? 0.25,
      cooldown: retrain?.cooldown === undefined ? 3 * duration(monitor?.window, "1d") : duration(retrain.cooldown, "0ms"),
      holdout: retrain?.holdout === undefined ? null : duration(retrain.holdout, "0ms"),
    },
    ...(triggers !== undefined && { triggers: completeTriggers(triggers, { ...place, model: file.model ?? place.model }) }),
  };
}

function algorithmOf(train: ProjectFile["train"], folder: string): Pick<Project["train"], "algorithm" | "command"> {
  if (train?.run === undefined) return { algorithm: train?.algorithm ?? "auto" };
  const { run, files, format = "parquet", timeout, python } = train;
  return { algorithm: "run", command: { run, folder, files: files ?? null, format, timeout: timeout === undefined ? null : duration(timeout, timeout), ...(python !== undefined && { python }) } };
}

function settingsOf({ batching, log_share: logShare, pinned }: NonNullable<ProjectFile["deploy"]> = {}): NonNullable<Project["deploy"]["settings"]> {
  const { max_rows: maxRows, delay, queue_rows: queueRows, timeout, weight, merge } = batching ?? {};
  const limits = {
    ...(maxRows !== undefined && { maxRows }),
    ...(delay !== undefined && { delayMs: duration(delay, delay) }),
    ...(queueRows !== undefined && { queueRows }),
    ...(timeout !== undefined && { timeoutMs: duration(timeout, timeout) }),
    ...(weight !== undefined && { weight }),
    ...(merge !== undefined && { merge }),
  };
  return { ...(batching && { batching: limits }), ...(logShare !== undefined && { log: { share: share(logShare, 1) } }), ...(pinned !== undefined && { pinned }) };
}

const duration = (text: string | undefined, fallback: string): number => parseDuration(text ?? fallback)!;

const share = (value: number | string | undefined, fallback: number): number =>
  value === undefined ? fallback : typeof value === "number" ? value : Number.parseFloat(value) / 100;
