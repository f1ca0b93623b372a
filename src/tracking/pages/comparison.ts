import type { RunDetails } from "./run-details.ts";

/** One line of the comparison: what each run has, in the order of the runs; null where it has none. */
export interface ComparedLine {
  readonly kind: "param" | "metric" | "tag";
  readonly key: string;
  readonly values: readonly (string | null)[];
  readonly differs: boolean;
}

/** Params, metrics and tags of runs side by side; tags that MLflow's clients set for themselves are left out. */
export function compareRuns(runs: readonly RunDetails[]): ComparedLine[] {
  const parts: readonly (readonly [ComparedLine["kind"], (run: RunDetails) => readonly { readonly key: string; readonly value: string | number }[]])[] = [
    ["param", (run) => run.params],
    ["metric", (run) => run.metrics],
    ["tag", (run) => run.tags.filter(({ key }) => !key.startsWith("mlflow."))],
  ];
  return parts.flatMap(([kind, of]) => {
    const maps = runs.map((run) => new Map(of(run).map(({ key, value }) => [key, String(value)])));
    const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))].toSorted();
    return keys.map((key) => {
      const values = maps.map((map) => map.get(key) ?? null);
      return { kind, key, values, differs: new Set(values).size > 1 };
    });
  });
}

/** An axis that runs can be placed on: all numbers, or words in alphabetical order. */
export interface Dimension {
  readonly name: string;
  /** The place of each run; null when it has none. */
  readonly places: readonly (number | null)[];
  /** The words by place, when the axis is of words. */
  readonly words: readonly string[] | undefined;
}

/** The params and metrics in which runs differ, as axes. */
export function dimensionsOf(lines: readonly ComparedLine[]): Dimension[] {
  return lines.filter(({ kind, differs }) => kind !== "tag" && differs).flatMap(({ kind, key, values }): Dimension[] => {
    const name = `${kind} ${key}`;
    const given = values.filter((value) => value !== null);
    const numbers = values.map((value) => (value === null || value === "" ? null : Number(value)));
    if (kind === "metric" || given.every((value) => value !== "" && !Number.isNaN(Number(value)))) {
      const places = numbers.map((number) => (number === null || !Number.isFinite(number) ? null : number));
      return new Set(places.filter((place) => place !== null)).size > 1 ? [{ name, places, words: undefined }] : [];
    }
    const words = [...new Set(given)].toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
    return [{ name, places: values.map((value) => (value === null ? null : words.indexOf(value))), words }];
  });
}

/** A place as words say it. */
export const placeName = ({ words }: Dimension, place: number | null, format: (value: number) => string): string => (place === null ? "–" : words ? words[place] : format(place));

/** The least and the greatest place, a little apart when they are one. */
export function extent({ places }: Dimension): [number, number] {
  const given = places.filter((place) => place !== null);
  const [low, high] = [Math.min(...given), Math.max(...given)];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}
