/** What an import did, for people and for scripts. */
export interface ImportReport {
  readonly source: string;
  readonly dryRun: boolean;
  readonly seconds: number;
  readonly carried: Counts;
  /** There already, with the same content. */
  readonly skipped: Counts;
  /** What an import leaves where it is, by its nature. */
  readonly notes: readonly string[];
  /** What should have come and did not, or not whole, and why. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  /** Experiments whose id was taken: the id there → the id here. */
  readonly renumbered: Readonly<Record<string, string>>;
  /** Experiments that were here by name. */
  readonly merged: readonly string[];
  /** Counted at the source and here, of what was carried this time. */
  readonly checked: readonly { readonly what: string; readonly source: number; readonly here: number }[];
}

export const kinds = ["experiments", "runs", "points", "params", "tags", "datasets", "loggedModels", "artifacts", "bytes", "registeredModels", "versions", "aliases"] as const;
export type Kind = (typeof kinds)[number];
export type Counts = Readonly<Record<Kind, number>>;

/** Collects a report while an import goes on. */
export class Tally {
  readonly carried = noCounts();
  readonly skipped = noCounts();
  readonly leftOut: { what: string; why: string }[] = [];
  readonly notes: string[] = [];
  readonly renumbered: Record<string, string> = {};
  readonly merged: string[] = [];

  carry(kind: Kind, count = 1): void {
    this.carried[kind] += count;
  }
  skip(kind: Kind, count = 1): void {
    this.skipped[kind] += count;
  }
  leave(what: string, why: string): void {
    this.leftOut.push({ what, why });
  }
}

function noCounts(): Record<Kind, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
}

const words: Readonly<Record<Kind, string>> = {
  experiments: "experiments", runs: "runs", points: "metric points", params: "params", tags: "tags", datasets: "dataset inputs", loggedModels: "logged models",
  artifacts: "artifacts", bytes: "bytes of artifacts", registeredModels: "registered models", versions: "model versions", aliases: "aliases",
};

/** So many single reasons are printed; `--json` has all. */
const mostReasons = 40;

export const isWhole = (report: ImportReport): boolean => report.leftOut.length === 0 && report.checked.every(({ source, here }) => source === here);

export function reportText(report: ImportReport): string {
  const rate = (count: number): string => (report.seconds > 0 ? ` (${Math.round(count / report.seconds).toLocaleString("en")}/s)` : "");
  const { carried, skipped } = report;
  const lines = [
    `${report.dryRun ? "Would carry" : "Carried"} from ${report.source}${report.dryRun ? "" : ` in ${report.seconds.toFixed(1)} s`}:`,
    ...kinds.filter((kind) => carried[kind] > 0).map((kind) => `  ${carried[kind].toLocaleString("en").padStart(13)} ${words[kind]}${!report.dryRun && (kind === "points" || kind === "runs") ? rate(carried[kind]) : ""}`),
    ...(kinds.some((kind) => carried[kind] > 0) ? [] : ["  nothing"]),
  ];
  const there = kinds.filter((kind) => skipped[kind] > 0);
  if (there.length > 0) lines.push(`Here already, the same: ${there.map((kind) => `${skipped[kind].toLocaleString("en")} ${words[kind]}`).join(", ")}`);
  if (report.merged.length > 0) lines.push(`Merged into experiments of the same name: ${report.merged.join(", ")}`);
  for (const [from, to] of Object.entries(report.renumbered)) lines.push(`Experiment ${from} of the source is ${to} here: its id was taken`);
  for (const { what, source, here } of report.checked) lines.push(`Checked: ${source.toLocaleString("en")} ${what} at the source, ${here.toLocaleString("en")} here${source === here ? "" : " — THEY DIFFER"}`);
  lines.push(...report.notes);
  if (report.leftOut.length > 0) {
    lines.push(`Not carried (${report.leftOut.length}):`, ...report.leftOut.slice(0, mostReasons).map(({ what, why }) => `  ${what}: ${why}`));
    if (report.leftOut.length > mostReasons) lines.push(`  … and ${report.leftOut.length - mostReasons} more (--json tells all)`);
  }
  return lines.join("\n");
}
