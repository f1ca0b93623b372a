import { input, intOf, othersFixed, textOf, type Call, type Rule } from "../call.ts";
import { fixed, NotShown, rows, shapeOf } from "../facts.ts";
import { sameSize, sizeOf, someSize } from "../sizes.ts";

/** Time along the first dimension, rows along the second (`layout` 0); what a row begins with is by row, too. */
const recurrent =
  (states: readonly number[]): Rule =>
  (call: Call) => {
    const x = input(call, 0);
    othersFixed(call, [0, 4, ...states]);
    if (intOf(call, "layout", 0) !== 0) throw new NotShown("is of a layout that is not followed");
    const [time, count] = shapeOf(x);
    const directions = sizeOf(textOf(call, "direction", "forward") === "bidirectional" ? 2 : 1);
    const hidden = call.attributes.has("hidden_size") ? sizeOf(intOf(call, "hidden_size", 1)) : someSize();
    const all = [time, directions, count, hidden];
    const last = [directions, count, hidden];
    if (x.of !== "rows") {
      if (call.inputs.some((fact) => fact && fact.of !== "fixed")) throw new NotShown("begins with something by row, but reads what is not");
      return [fixed(all), fixed(last), fixed(last)];
    }
    if (x.axis !== 1) throw new NotShown("takes the rows for steps in time");
    for (const [at, axis] of [[4, 0], ...states.map((state) => [state, 1])]) {
      const fact = call.inputs[at];
      if (fact && (fact.of !== "rows" || fact.axis !== axis || !sameSize(fact.shape[axis], count))) throw new NotShown("begins with what is not by row");
    }
    return [rows(all, 2), rows(last, 1), rows(last, 1)];
  };

export const recurrentRules: Readonly<Record<string, Rule>> = { LSTM: recurrent([5, 6]), GRU: recurrent([5]), RNN: recurrent([5]) };
