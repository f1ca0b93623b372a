import { everyNth, selectRows } from "../../data/select-rows.ts";
import type { Table } from "../../data/types.ts";
import { permuted } from "../../training/permuted.ts";
import { seededRandom } from "../../training/random.ts";
import type { Prediction } from "../../training/types.ts";

/** Rows that a feature's effect is measured on. */
const mostRows = 1000;
/** Cells that are scored at once. */
const mostCells = 2_000_000;
/** A smaller effect is the arithmetic's. */
const least = 1e-9;

/**
 * What each feature does to a model's answers: the share of their variance that goes when the feature is another row's, E[(f(x) − f(x′))²] / 2 Var f(x), by a
 * permutation of up to 1000 evenly spaced rows (the total effect of Jansen 1999, "Analysis of variance designs for model output"; of probabilities the sum over
 * the classes). From 0, which the model does not use, to about 1, which alone decides. In the order of `features`.
 *
 * @param score the model's answers to a table with the columns of `table`
 */
export async function effectsOf(table: Table, features: readonly string[], score: (table: Table) => Promise<Prediction>, seed: number): Promise<number[]> {
  const sample = table.rows > mostRows ? selectRows(table, everyNth(table.rows, mostRows)) : table;
  const { rows } = sample;
  if (rows < 2) return features.map(() => 0);
  const usual = answersOf(await score(sample));
  const width = usual.length / rows;
  const spread = 2 * variance(usual, width);
  const random = seededRandom(seed);
  const effects: number[] = [];
  const atOnce = Math.max(1, Math.floor(mostCells / (rows * sample.columns.length)));
  for (let start = 0; start < features.length; start += atOnce) {
    const some = features.slice(start, start + atOnce);
    const answers = answersOf(await score(permuted(sample, some, random)));
    for (const at of some.keys()) {
      let sum = 0;
      for (let place = 0; place < usual.length; place++) sum += (answers[at * usual.length + place] - usual[place]) ** 2;
      const effect = spread === 0 ? 0 : sum / rows / spread;
      effects.push(effect < least ? 0 : effect);
    }
  }
  return effects;
}

const answersOf = (prediction: Prediction): Float64Array => (prediction.task === "regression" ? prediction.values : prediction.probabilities);

/** The summed variance of the answers' columns. */
function variance(answers: Float64Array, width: number): number {
  const rows = answers.length / width;
  let total = 0;
  for (let column = 0; column < width; column++) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < rows; row++) {
      const value = answers[row * width + column] - answers[column];
      sum += value;
      squares += value ** 2;
    }
    total += squares / rows - (sum / rows) ** 2;
  }
  return Math.max(0, total);
}
