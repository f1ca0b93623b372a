import type { Table } from "../../../data/types.ts";
import { selectRows } from "../../../data/select-rows.ts";
import { sharesByFeature } from "../../importances.ts";
import { permuted } from "../../permuted.ts";
import { seededRandom } from "../../random.ts";
import type { Signature } from "../../types.ts";

/** So many rows tell how much a feature moves the answers; fewer where there are many features, as each is tried on all of them. */
const [mostRows, mostAnswers] = [2000, 200_000];

/**
 * How much each feature moves a model's answers: the mean absolute change of the answers (of all probabilities) when the feature's values are dealt to other
 * rows, as a share of all features' changes. Breiman 2001, "Random Forests", section 10, with the change of the answer in the place of the loss.
 *
 * @param answers the model's answers to a table, row-major
 */
export async function graphImportances(answers: (table: Table) => Promise<Float64Array>, table: Table, signature: Signature, seed: number): Promise<Record<string, number>> {
  const { features } = signature;
  const count = Math.max(1, Math.min(table.rows, mostRows, Math.floor(mostAnswers / (features.length + 1))));
  const rows = selectRows(table, Uint32Array.from({ length: count }, (_, at) => Math.floor((at * table.rows) / count)));
  const names = features.map(({ name }) => name);
  const used = { rows: count, columns: names.map((name) => rows.columns.find((one) => one.name === name)!) };
  // The rows as they are, then once more for each feature: all are asked about in one go.
  const found = await answers(permuted(used, [null, ...names], seededRandom(seed)));
  const size = found.length / (features.length + 1);
  const changes = features.map((_, at) => {
    let change = 0;
    for (let place = 0; place < size; place++) {
      const difference = Math.abs(found[(at + 1) * size + place] - found[place]);
      // A row that the model cannot take with another's value says nothing.
      if (Number.isFinite(difference)) change += difference;
    }
    return change;
  });
  return sharesByFeature(signature, changes);
}
