import { invalid } from "../errors.ts";
import { KnownCategories } from "../values/known-categories.ts";
import { readNumber } from "../values/read-cell.ts";
import { describeReading, type Cell, type NumberReading } from "../values/reading.ts";
import type { MonitorConfig } from "./types.ts";

/** What a label means to the model that it judges: a number in decimal, or the class as the model writes it. */
export interface LabelReader {
  /** The value; undefined where the label is none. */
  read(label: Cell): string | undefined;
  /** What would be right, for the sentence that refuses a label. */
  readonly takes: string;
}

/**
 * Reads labels as the training data read the target: any spelling of a class is the class (`True`, `1` and `1.0` of `true`; `7.0` of `7`), numbers have the
 * target's marks.
 */
export function labelReader({ task, target, classes, targetReading }: Pick<MonitorConfig, "task" | "target" | "classes" | "targetReading">): LabelReader {
  if (task === "regression") {
    const reading: NumberReading = targetReading?.type === "number" ? targetReading : { type: "number" };
    return {
      read: (label) => {
        const value = typeof label === "boolean" ? undefined : readNumber(label, reading);
        return value !== undefined && Number.isFinite(value) ? String(value) : undefined;
      },
      takes: `${target} takes ${describeReading(reading)}`,
    };
  }
  const known = new KnownCategories(classes ?? []);
  const listed = classes ?? [];
  return {
    read: (label) => {
      if (label === null || label === undefined || String(label).trim() === "") return undefined;
      // A monitor of before classes were kept with it takes any name.
      return known.size === 0 ? String(label) : known.find(label);
    },
    takes: `the classes of ${target} are ${listed.slice(0, 20).map((name) => JSON.stringify(name)).join(", ")}${listed.length > 20 ? `, … (${listed.length} in all)` : ""}; a new class is a decision: add rows of it to the table and run the project again`,
  };
}

/** Refuses a batch for its labels that are none, the first of them by name. */
export function badLabels(wrong: readonly { readonly requestId: string; readonly label: unknown }[], { takes }: LabelReader): Error {
  const [first] = wrong;
  const others = wrong.length > 1 ? `, and so are ${wrong.length - 1} more` : "";
  return invalid("monitoring.bad_label", `The label of request ${first.requestId} is ${JSON.stringify(first.label)}${others}; ${takes}. Nothing was stored`, { request_id: first.requestId, count: wrong.length });
}
