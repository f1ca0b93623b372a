import { describeError, invalid } from "../../errors.ts";
import type { Model } from "../gateway/runtimes/runtime.ts";
import { bindInputs } from "../gateway/tensors/bind.ts";
import type { Input } from "../gateway/tensors/input.ts";
import { namesOf } from "../gateway/tensors/matrix-columns.ts";
import type { Tensor } from "../gateway/tensors/tensor.ts";
import { rowsOfInputs } from "./block-inputs.ts";

/** The answers to consecutive rows of a block. */
export interface AnsweredRows {
  readonly from: number;
  readonly rows: number;
  /** In the order of the model's; each has `rows` rows. */
  readonly outputs: readonly Tensor[];
}

export interface ScoredBlock {
  readonly rows: number;
  /** In the order of the rows. */
  readonly answered: readonly AnsweredRows[];
  /** Rows without an answer, and why: what a client would have been told that sent this row. */
  readonly refused: ReadonlyMap<number, string>;
  /** By column: cells that are categories which the model does not know. */
  readonly unseen: ReadonlyMap<string, number>;
}

/**
 * Asks a model about the rows of a block as the gateway would: one reader, one runtime. Where it refuses them, rows are halved until those that it refuses
 * stand alone; the others have their answers.
 *
 * @throws `serving.no_row_fits` where the block is the `first` one and the rows at its beginning are refused, all of them
 */
export async function scoreBlock(model: Model, inputs: () => readonly Input[], rows: number, first: boolean): Promise<ScoredBlock> {
  const sent = inputs();
  const known = new Set(namesOf(model.inputs));
  const answered: AnsweredRows[] = [];
  const refused = new Map<number, string>();
  const unseen = new Map<string, number>();
  const ask = async (from: number, until: number): Promise<void> => {
    try {
      const bound = bindInputs(until - from === rows ? sent : rowsOfInputs(sent, from, until), model, known);
      const outputs = await model.run(bound.inputs, { owned: true });
      const wrong = outputs.find(({ shape }) => (shape[0] ?? 1) !== until - from);
      if (wrong) throw new Error(`its output ${wrong.name} has ${wrong.shape[0] ?? 1} rows for ${until - from}`);
      answered.push({ from, rows: until - from, outputs });
      for (const [name, places] of bound.unseen ?? []) unseen.set(name, (unseen.get(name) ?? 0) + places.length);
    } catch (error) {
      if (until - from === 1) {
        refused.set(from, ofOneRow(describeError(error)));
        return;
      }
      const middle = from + Math.ceil((until - from) / 2);
      await ask(from, middle);
      if (first && answered.length === 0 && refused.size >= enoughRefused) {
        throw invalid("serving.no_row_fits", `The model answers none of the first ${refused.size} rows: ${refused.get(0)!}`);
      }
      await ask(middle, until);
    }
  };
  await ask(0, rows);
  if (first && answered.length === 0) throw invalid("serving.no_row_fits", `The model answers none of the ${rows === 1 ? "rows" : `first ${rows} rows`}: ${refused.get(0)!}`);
  return { rows, answered, refused, unseen };
}

const enoughRefused = 64;

/** The row stands alone, so its place is no news. */
const ofOneRow = (sentence: string): string => sentence.replace(/: data\[0\] (is|has) /, " $1 ").replace(/ at position 0\b/, "");
