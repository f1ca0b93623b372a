import { readingsOf, type DatasetColumn, type Table } from "../../data/types.ts";
import { selectRows } from "../../data/select-rows.ts";
import { invalid } from "../../errors.ts";
import type { Reading } from "../../values/reading.ts";
import { columnOf } from "../columns.ts";
import { drawToFront, seededRandom } from "../random.ts";
import { encodeTarget, featureSpec } from "../request.ts";
import type { TrainingRequest } from "../types.ts";
import type { TableFeature } from "./graph/input-plan.ts";

/** So many of the rows it was trained on a model is tried with. */
const mostTried = 20_000;

/** What the rows of a training say of the signature of its model. */
export interface DescribedRows {
  readonly features: readonly TableFeature[];
  /** Absent for regression. */
  readonly classes?: readonly string[];
  readonly targetReading: Reading | undefined;
}

/** Features and target of a training's rows, as a signature has them. Throws what is wrong with the target (`encodeTarget`). */
export function describeRows(train: Table, columns: readonly DatasetColumn[], request: Pick<TrainingRequest, "features" | "target" | "task" | "eventTime">): DescribedRows {
  const readings = new Map(Object.entries(readingsOf(columns)));
  const stored = new Map(columns.map((column) => [column.name, column.stored]));
  const features = request.features.map((feature) => {
    const column = columnOf(train, feature);
    return { spec: featureSpec(column, readings.get(feature), request.eventTime), stored: stored.get(feature) ?? (column.type === "number" ? ("DOUBLE" as const) : ("VARCHAR" as const)) };
  });
  const { classes } = encodeTarget(columnOf(train, request.target), request.task);
  return { features, ...(classes && { classes }), targetReading: readings.get(request.target) };
}

/** Rows in their order, drawn where they are many. */
export function sampled(table: Table, seed: number, most = mostTried): Table {
  if (table.rows <= most) return table;
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
  drawToFront(rows, most, seededRandom(seed));
  return selectRows(table, Uint32Array.from(rows.subarray(0, most)).sort());
}

/** Throws `training.model_answers_nan` where an answer is no number. */
export function refuseNothing(values: Float64Array, name: string): void {
  const nothing = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (nothing === 0) return;
  throw invalid(
    "training.model_answers_nan",
    `${nothing} of ${values.length} answers of ${name} to rows it was trained on are no numbers (NaN or infinite)${nothing === values.length ? ": its training has diverged (a loss that became NaN), or features without values went into a model that cannot take them" : ": rows without a value in some feature went into a model that cannot take them. Fill them in within the model (an imputer), or drop those rows before"}`,
  );
}
