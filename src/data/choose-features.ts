import { invalid } from "../errors.ts";
import type { LeakageFinding } from "./leakage/leakage-types.ts";
import type { DatasetColumn } from "./types.ts";

/** A column that a model learns from. */
export interface Feature {
  readonly name: string;
  readonly type: "number" | "category" | "timestamp";
}

/** What became of a column that is not simply a feature. */
export interface ColumnUse {
  readonly columns: readonly string[];
  readonly use: "left_out" | "kept";
  /** A sentence with the numbers. */
  readonly reason: string;
  /** The line of the project file that decides otherwise. */
  readonly otherwise?: string;
}

export interface FeatureOptions {
  readonly target: string;
  readonly time: string | null;
  readonly exclude: readonly string[];
  readonly keep: readonly string[];
  readonly group: string | null;
  readonly leakage: "exclude" | "fail" | "ignore";
}

/** Kinds of findings whose columns are no features; a constant one stays, since later data may vary. */
const leftOut = new Set<LeakageFinding["kind"]>(["leak", "identifier", "empty"]);

/**
 * The features of a table, and a line for every other column: why it is none, and the line that makes it one. A column that would be left out stays where
 * nothing else could be learnt from.
 *
 * @throws `data.no_features`
 */
export function chooseFeatures(columns: readonly DatasetColumn[], options: FeatureOptions, findings: readonly LeakageFinding[]): { features: Feature[]; uses: ColumnUse[] } {
  const { target, time, exclude, keep, group } = options;
  const uses: ColumnUse[] = [];
  const dropped = new Set([target]);
  const drop = (names: readonly string[], reason: string, otherwise?: string): void => {
    for (const name of names) dropped.add(name);
    uses.push({ columns: names, use: "left_out", reason, ...(otherwise !== undefined && { otherwise }) });
  };
  const known = exclude.filter((name) => !keep.includes(name) && columns.some((column) => column.name === name));
  if (known.length > 0) drop(known, "data.exclude says so");
  if (group !== null && !keep.includes(group)) drop([group], `rows are held out by ${group}, which new rows have other values of`, `data.keep: [${group}]`);
  for (const { name, joins } of columns) if (joins && !dropped.has(name)) drop([name], `${name} is joined from ${joins.join(", ")}, which a row that is asked about has`);
  const timeColumn = columns.find(({ name }) => name === time);
  if (timeColumn && timeColumn.type !== "timestamp" && !keep.includes(timeColumn.name)) drop([timeColumn.name], `${timeColumn.name} says when a row was; later rows have values that no row here has`, `data.keep: [${timeColumn.name}]`);
  for (const { kind, columns: names, evidence } of findings) {
    if (!leftOut.has(kind)) continue;
    const left = names.filter((name) => !dropped.has(name));
    if (left.length === 0) continue;
    if (kind === "leak" && options.leakage === "ignore") uses.push({ columns: left, use: "kept", reason: `${evidence} Kept, since validate.leakage is ignore.` });
    else drop(left, evidence, kind === "empty" ? undefined : `data.keep: [${left.join(", ")}]`);
  }
  const featuresOf = (without: ReadonlySet<string>): Feature[] => columns.filter(({ name }) => !without.has(name)).map(({ name, type }) => ({ name, type }));
  const features = featuresOf(dropped);
  if (features.length > 0) return { features, uses };
  const last = featuresOf(new Set([target, ...known, ...findings.filter(({ kind }) => kind === "empty").flatMap(({ columns: names }) => names)]));
  if (last.length === 0) {
    throw invalid("data.no_features", `No column is left to predict ${target} from${uses.length > 0 ? `; left out: ${uses.map(({ reason }) => reason).join("; ")}` : ""}`);
  }
  const names = last.map(({ name }) => name);
  return {
    features: last,
    uses: [...uses.filter(({ columns: left }) => !left.some((name) => names.includes(name))), { columns: names, use: "kept", reason: `${names.join(", ")}: kept, as there is nothing else to predict ${target} from. ${uses.map(({ reason }) => reason).join(" ")}` }],
  };
}

/** A line for people. */
export const useLine = ({ columns, use, reason, otherwise }: ColumnUse): string =>
  use === "kept" ? reason : `left out ${columns.join(", ")}: ${reason}${otherwise === undefined ? "" : ` (\`${otherwise}\` keeps ${columns.length === 1 ? "it" : "them"})`}`;
