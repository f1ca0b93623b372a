import { metricName } from "../../ui/format.ts";
import { mainMetrics } from "./telling-columns.ts";

/** What an experiment's runs have, as the API tells it. */
export interface KnownColumns {
  readonly metrics: readonly { readonly key: string; readonly varies: boolean }[];
  readonly params: readonly { readonly key: string; readonly varies: boolean }[];
  readonly tags: readonly { readonly key: string; readonly varies: boolean }[];
}

/** Columns of the run itself, beside its name. */
export const attributeColumns = ["attributes.status", "attributes.start_time", "attributes.duration", "attributes.user_id"] as const;

const attributeNames: Readonly<Record<string, string>> = { status: "Status", start_time: "Started", duration: "Took", user_id: "User", run_name: "Run" };

/** Columns before anybody chose: the state, the metrics to compare by, the params that differ, when it began, and why. */
export function usualColumns(known: KnownColumns): string[] {
  const metrics = mainMetrics(known.metrics.map(({ key }) => key)).slice(0, 4);
  const params = known.params.filter(({ varies }) => varies).slice(0, 4);
  const why = known.tags.filter(({ key }) => key === "trigger");
  return ["attributes.status", ...metrics.map((key) => `metrics.${key}`), ...params.map(({ key }) => `params.${key}`), "attributes.start_time", "attributes.duration", ...why.map(({ key }) => `tags.${key}`)];
}

/** All columns there are; tags that MLflow's clients set for themselves come last. */
export function allColumns(known: KnownColumns): string[] {
  const own = (key: string): number => Number(key.startsWith("mlflow."));
  const tags = known.tags.toSorted((one, other) => own(one.key) - own(other.key));
  return [...attributeColumns, ...known.metrics.map(({ key }) => `metrics.${key}`), ...known.params.map(({ key }) => `params.${key}`), ...tags.map(({ key }) => `tags.${key}`)];
}

/** A column's kind and key: the kind ends at the first dot. */
export function partsOf(column: string): { kind: string; key: string } {
  const dot = column.indexOf(".");
  return { kind: column.slice(0, dot), key: column.slice(dot + 1) };
}

/** What stands above a column. */
export function columnTitle(column: string): string {
  const { kind, key } = partsOf(column);
  return kind === "attributes" ? (attributeNames[key] ?? key) : kind === "metrics" ? metricName(key) : key;
}

/** Pixels a column takes. */
export function columnWidth(column: string): number {
  const { kind, key } = partsOf(column);
  const title = 34 + 8 * columnTitle(column).length;
  const content = kind === "attributes" ? ({ status: 116, start_time: 172, duration: 96, user_id: 110 }[key] ?? 110) : kind === "metrics" ? 104 : kind === "tags" ? 180 : 130;
  return Math.min(260, Math.max(content, title));
}

/** A list of columns in an address: a comma in a name does not divide. */
export const writeColumns = (columns: readonly string[]): string => columns.map((column) => column.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");

export const readColumns = (text: string): string[] =>
  text
    .split(",")
    .map((column) => column.replaceAll("%2C", ",").replaceAll("%25", "%"))
    .filter((column) => /^(attributes|metrics|params|tags)\../.test(column));
