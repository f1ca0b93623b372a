import type { DriftReport, FeatureDrift } from "./types.ts";

const day = 86_400_000;
const seasons = { hour: "the same hours", weekday: "the same weekdays", hour_of_week: "the same hours of the week", year: "the same time of year" } as const;

/** What a feature of a window was compared with, in words: the same in the terminal and on the page. */
export function comparisonText({ cycles = [], unsettled, step }: Pick<FeatureDrift, "cycles" | "unsettled" | "step">, { reference }: Pick<DriftReport, "reference">): string {
  const rows = cycles.length === 0 ? "the whole reference" : `the reference's rows of ${cycles.map((cycle) => seasons[cycle]).join(" and ")}`;
  if (!unsettled) return rows;
  const covered = reference ? `${Math.max(1, Math.round((reference.until - reference.from) / day))} days` : "less than a year";
  const before = step === undefined ? "which is not known here" : `from which its distance is ${step.toFixed(3)}`;
  return `the window before, ${before}: it moves by itself, and the reference covers ${covered}, which do not show what it does in a year`;
}
