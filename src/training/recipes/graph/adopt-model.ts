import type { DatasetColumn, Table } from "../../../data/types.ts";
import { invalid } from "../../../errors.ts";
import { columnOf } from "../../columns.ts";
import { runGraph } from "../../onnx/run-graph.ts";
import type { Signature, TrainingRequest } from "../../types.ts";
import { describeRows, refuseNothing, sampled } from "../tried-rows.ts";
import { columnsOfClasses } from "./class-columns.ts";
import { graphImportances } from "./graph-importances.ts";
import { inlineWeights } from "./inline-weights.ts";
import { planInputs } from "./input-plan.ts";
import { planOutputs } from "./output-plan.ts";
import { readModel } from "./read-model.ts";
import { rawOutputs, wrapModel } from "./wrap-model.ts";

/** A model file that a training left, and the rows it was trained on. */
export interface LeftModel {
  /** What the file is called. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The folder it lies in, where its weights may lie beside it. */
  readonly folder: string;
  readonly train: Table;
  readonly columns: readonly DatasetColumn[];
  readonly request: Pick<TrainingRequest, "features" | "target" | "task" | "eventTime" | "seed">;
}

/** Somebody's model as one of ours. */
export interface AdoptedModel {
  readonly graph: Uint8Array;
  readonly signature: Signature;
  readonly importances: Readonly<Record<string, number>>;
  /** Files that the model took its weights from. */
  readonly weights: ReadonlySet<string>;
}

/**
 * Makes a model that anybody trained one of ours: the same inputs by feature, the same outputs, the same signature, so that it is judged, registered and served
 * as those are. It is tried on rows it was trained on first.
 *
 * @throws `training.not_onnx`, `training.model_signature`, `training.model_unreadable`, `training.model_answers_nan`, `training.no_probabilities`, and what is wrong with its weights
 */
export async function adoptModel({ name, bytes, folder, train, columns, request }: LeftModel): Promise<AdoptedModel> {
  const read = readModel(bytes, name);
  const { graph, files: weights } = await inlineWeights(read.graph, folder);
  const model = { ...read, graph };
  const { features, classes, targetReading } = describeRows(train, columns, request);
  const stored = new Map(columns.map((column) => [column.name, column.stored]));
  const inputs = planInputs(model, features, request.eventTime?.feature ?? null);
  const outputs = planOutputs(model, request.task === "regression");
  const signature: Signature = {
    task: request.task,
    features: inputs.features,
    ...(inputs.columns && { columns: inputs.columns }),
    target: request.target,
    ...(targetReading && { targetReading }),
    ...(classes && { classes }),
  };
  const tried = sampled(train, request.seed);
  let order: readonly number[] = [];
  if (outputs.kind === "probabilities") {
    const answered: { probabilities: number[]; labels: string[] } = { probabilities: [], labels: [] };
    await tryGraph(wrapModel(model, inputs, outputs, signature, { as: "raw" }), signature, tried, name, (found) => {
      for (const value of found[rawOutputs.probabilities].data as ArrayLike<number> & Iterable<number>) answered.probabilities.push(value);
      if (outputs.label) answered.labels.push(...(found[rawOutputs.label].data as readonly string[]));
    });
    order = columnsOfClasses({ ...answered, rows: tried.rows, named: outputs.named }, classes ?? [], columnOf(train, request.target), stored.get(request.target) === "BOOLEAN");
  }
  const wrapped = wrapModel(model, inputs, outputs, signature, { as: "ours", order });
  const [output, width] = request.task === "regression" ? ["prediction", 1] : ["probabilities", order.length];
  const answers = async (table: Table): Promise<Float64Array> => {
    const values = new Float64Array(table.rows * width);
    let filled = 0;
    await tryGraph(wrapped, signature, table, name, (found, start) => {
      const given = found[output].data as ArrayLike<number>;
      filled += given.length;
      if (filled <= values.length) values.set(given, start * width);
    });
    if (filled !== values.length) throw invalid("training.model_signature", `The model ${name} gives ${filled / width} answers for ${table.rows} rows; it must give one for each`);
    return values;
  };
  refuseNothing(await answers(tried), name);
  const importances = await graphImportances(answers, tried, signature, request.seed);
  return { graph: wrapped, signature, importances, weights };
}

async function tryGraph(graph: Uint8Array, signature: Signature, table: Table, name: string, take: Parameters<typeof runGraph>[3]): Promise<void> {
  try {
    await runGraph(graph, signature, table, take);
  } catch (error) {
    if (error instanceof Error && error.name === "MillraceError") throw error;
    throw invalid("training.model_unreadable", `ONNX Runtime, which serves models here, cannot run ${name}: ${(error instanceof Error ? error.message : String(error)).slice(0, 500)}`);
  }
}
