import { broadcast, factOf, placed, type Placed } from "../broadcast.ts";
import { input, intOf, othersFixed, textOf, type Rule } from "../call.ts";
import { NotShown, type Fact } from "../facts.ts";
import { isOne, sameSize, sizeOf, someSize, type Size } from "../sizes.ts";

const one: Size = sizeOf(1);

const addsUp = () => new NotShown("adds up over the rows");

/** A product of matrices as NumPy's matmul, the last two dimensions turned around first where it is said. */
export function matrixProduct(left: Fact, right: Fact, turnLeft = false, turnRight = false): Fact {
  const a = matrix(turned(placed(left), turnLeft), "left");
  const b = matrix(turned(placed(right), turnRight), "right");
  const [ra, rb] = [a.shape.length, b.shape.length];
  if (a.axis === ra - 1 || b.axis === rb - 2) throw addsUp();
  const batch = broadcast([leading(a), leading(b)]);
  const rank = batch.shape.length + 2;
  const own = a.axis === ra - 2 ? rank - 2 : undefined;
  const others = b.axis === rb - 1 ? rank - 1 : undefined;
  const axes = [batch.axis, own, others].filter((axis) => axis !== undefined);
  if (axes.length > 1) throw new NotShown("brings each row together with each other one");
  let shape = [...batch.shape, a.shape[ra - 2], b.shape[rb - 1]];
  let [axis] = axes;
  const drop = (at: number) => {
    shape = shape.toSpliced(at, 1);
    if (axis !== undefined && axis > at) axis--;
  };
  if (b.vector) drop(rank - 1);
  if (a.vector) drop(rank - 2);
  return factOf({ shape, axis });
}

interface Matrix extends Placed {
  /** Had one dimension. */
  readonly vector: boolean;
}

function matrix({ shape, axis }: Placed, side: "left" | "right"): Matrix {
  if (shape.length === 0) throw new NotShown("multiplies a single number as a matrix");
  if (shape.length > 1) return { shape, axis, vector: false };
  return side === "left" ? { shape: [one, ...shape], axis: axis === undefined ? undefined : 1, vector: true } : { shape: [...shape, one], axis, vector: true };
}

function leading({ shape, axis }: Placed): Placed {
  const rank = shape.length - 2;
  return { shape: shape.slice(0, rank), axis: axis !== undefined && axis < rank ? axis : undefined };
}

function turned({ shape, axis }: Placed, turn: boolean): Placed {
  const rank = shape.length;
  if (!turn || rank < 2) return { shape, axis };
  const moved = axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis;
  return { shape: [...shape.slice(0, -2), shape[rank - 1], shape[rank - 2]], axis: moved };
}

const matMul: Rule = (call) => [matrixProduct(input(call, 0), input(call, 1))];

const gemm: Rule = (call) => {
  const product = matrixProduct(input(call, 0), input(call, 1), intOf(call, "transA", 0) !== 0, intOf(call, "transB", 0) !== 0);
  const added = call.inputs[2];
  return [added ? factOf(broadcast([placed(product), placed(added)])) : product];
};

/** `rows` by letters: the rows' letter must be the same wherever it stands, and be kept. Where "..." stands, dimensions are broadcast as usual. */
const einsum: Rule = (call) => {
  const equation = textOf(call, "equation", "").replaceAll(/\s/g, "").replaceAll("...", dots);
  if (equation === "" || equation.includes(".")) throw new NotShown("has an equation that cannot be read");
  const operands = call.inputs.map((_, at) => placed(input(call, at)));
  const [left, right] = equation.split("->");
  const written = left.split(",");
  if (written.length !== operands.length) throw new NotShown("has an equation that does not fit its inputs");
  const spans = operands.map(({ shape }, at) => (written[at].includes(dots) ? shape.length - (written[at].length - 1) : 0));
  if (spans.some((span) => span < 0)) throw new NotShown("has an equation that does not fit its inputs");
  const terms = written.map((term, at) => term.replace(dots, broadcastLetters(spans[at])));
  const whole = broadcastLetters(Math.max(...spans));
  const once = [...new Set(written.join("").replaceAll(dots, ""))].filter((letter) => left.split(letter).length === 2).toSorted().join("");
  const kept = right === undefined ? `${whole}${once}` : right.replace(dots, whole);
  const letters = new Set(operands.flatMap(({ axis }, at) => (axis === undefined ? [] : [terms[at][axis]])));
  if (letters.size > 1) throw new NotShown("brings each row together with each other one");
  const sizes = new Map<string, Size>();
  for (const [at, { shape, axis }] of operands.entries()) {
    if (terms[at].length !== shape.length) throw new NotShown("has an equation that does not fit its inputs");
    for (const [place, letter] of terms[at].split("").entries()) {
      if (letters.has(letter) && place !== axis) {
        if (whole.includes(letter) && isOne(shape[place])) continue; // the same for each row
        throw new NotShown("brings together rows and a value that has a size of its own where rows are counted");
      }
      const known = sizes.get(letter);
      if (known && letters.has(letter) && !sameSize(known, shape[place])) throw new NotShown("brings rows together with parts of rows");
      sizes.set(letter, known && !isOne(known) ? known : shape[place]);
    }
  }
  const [letter] = letters;
  const axis = letter === undefined ? undefined : kept.indexOf(letter);
  if (axis === -1) throw addsUp();
  return [factOf({ shape: kept.split("").map((one) => sizes.get(one) ?? someSize()), axis })];
};

/** Stands for "..." in an equation. */
const dots = "…";

/** A letter that no equation has for each dimension that "..." spans, the last one of all operands the same. */
const broadcastLetters = (span: number): string => Array.from({ length: span }, (_, at) => String.fromCharCode(0xe000 + span - at)).join("");

/** A, B, and what belongs to their quantization, which is fixed. */
const matMulInteger: Rule = (call) => {
  othersFixed(call, [0, 1]);
  return matMul(call);
};

/** A, its scale and zero point, B, its scale and zero point, those of the output. */
export const qLinearMatMul: Rule = (call) => {
  othersFixed(call, [0, 3]);
  return [matrixProduct(input(call, 0), input(call, 3))];
};

export const productRules: Readonly<Record<string, Rule>> = { MatMul: matMul, Gemm: gemm, Einsum: einsum, MatMulInteger: matMulInteger, QLinearMatMul: qLinearMatMul };
