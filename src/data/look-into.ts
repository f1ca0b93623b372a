import { chooseFeatures, useLine } from "./choose-features.ts";
import { findLeakage } from "./leakage/leakage.ts";
import type { LeakageFinding } from "./leakage/leakage-types.ts";
import { subjectsBesideTime, suggestGroup } from "./suggest-group.ts";
import { suggestTimeColumn } from "./suggest-time.ts";
import { inferTask, targetFacts } from "./suggest.ts";
import type { DatasetColumn, Table } from "./types.ts";

/** What a table says of itself, given what is to be predicted. */
export interface TableFindings {
  readonly task: "regression" | "binary" | "multiclass";
  readonly time: string | null;
  /** The column whose rows are held out together. */
  readonly group: string | null;
  /** Columns to leave out, beside those of time and group. */
  readonly exclude: readonly string[];
  readonly findings: readonly LeakageFinding[];
  /** A sentence for every decision. */
  readonly notes: readonly string[];
}

/**
 * Decides the kind of target, the time or the groups to split by, and the columns to leave out, each with its reason.
 *
 * @throws `data.target_unusable`, `data.no_features`, `data.column_not_found`
 */
export function lookInto(columns: readonly DatasetColumn[], table: Table, target: string): TableFindings {
  const at = columns.findIndex(({ name }) => name === target);
  const { task, reason } = inferTask(targetFacts(columns[at], table.columns[at]));
  const time = suggestTimeColumn(table, columns);
  const group = time ? undefined : suggestGroup(table, target);
  const subjects = time ? subjectsBesideTime(table, target) : undefined;
  const timestamps = columns.filter((column) => column.type === "timestamp").map((column) => column.name);
  const reserved = columns.filter(({ name }) => name !== target && outputNames(task).includes(name)).map(({ name }) => name);
  const findings = findLeakage(table, { target, task, time: time?.column ?? null, timestamps: [...new Set([...timestamps, ...(time ? [time.column] : [])])] });
  const options = { target, time: time?.column ?? null, group: group?.column ?? null, exclude: [...reserved, ...(subjects === undefined ? [] : [subjects])], keep: [], leakage: "exclude" as const };
  const { uses } = chooseFeatures(columns, options, findings);
  const left = uses.filter(({ use, columns: names }) => use === "left_out" && !names.some((name) => name === time?.column || name === group?.column));
  return {
    task,
    time: time?.column ?? null,
    group: group?.column ?? null,
    exclude: [...new Set(left.flatMap((use) => use.columns))],
    findings,
    notes: [
      `${task}: ${reason}`,
      ...(time ? [`time ${time.column}: ${time.reason}`] : []),
      ...(group ? [`group ${group.column}: ${group.reason}`] : []),
      ...reserved.map((name) => `left out ${name}: the model's answer has that name; rename the column to use it`),
      ...(subjects === undefined ? [] : [`left out ${subjects}: it names whom a row is of, and rows to come are of others, too`]),
      ...uses.filter(({ reason: why }) => why !== "data.exclude says so").map(useLine),
    ],
  };
}

/** What a model's answers are called. */
const outputNames = (task: string): readonly string[] => (task === "regression" ? ["prediction"] : ["label", "probabilities"]);
