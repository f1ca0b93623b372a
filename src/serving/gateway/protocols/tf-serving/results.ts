import { invalid } from "../../../../errors.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { elementBytes, product } from "../../tensors/tensor.ts";
import type { BytesElement, Numbers, Tensor } from "../../tensors/tensor.ts";
import { scoreJson } from "./json-values.ts";

/** Classes of each row, in the order of the model's. */
export interface Classifications {
  readonly rows: number;
  /** Classes per row. */
  readonly width: number;
  /** The label of a class of a row; "" where the model has none. */
  readonly label: (row: number, at: number) => string;
  /** `rows * width` scores; undefined where the model gives labels alone. */
  readonly scores: Numbers | undefined;
}

type Answer = Pick<InferenceAnswer, "model" | "outputs">;
type NumberTensor = Tensor & { readonly data: Numbers };

const isFloat = (tensor: Tensor): tensor is NumberTensor => /^FP(16|32|64)$/.test(tensor.datatype) && !Array.isArray(tensor.data);
const widthOf = ({ shape }: Tensor): number => product(shape.slice(1));

/**
 * An answer as classes and their scores: the output as wide as the model has classes, else the one called "scores", else its first output of floats; labels are the
 * model's classes, else an output of strings that is as wide. Fails where several outputs could be meant, as those of a classifier of several targets.
 */
export function classifications({ model, outputs }: Answer): Classifications {
  const floats = outputs.filter(isFloat);
  const scores = floats.find((tensor) => widthOf(tensor) === model.classes?.length) ?? floats.find(({ name }) => name === "scores") ?? onlyScores(floats);
  const texts = outputs.find(({ data, shape }) => Array.isArray(data) && (!scores || product(shape.slice(1)) === widthOf(scores)));
  const source = scores ?? texts;
  if (!source) throw invalid("serving.bad_request", "Expected classification signature outputs to contain at least one of \"classes\" or \"scores\": an output of strings or of floats.");
  const [rows, width] = [source.shape[0] ?? 1, widthOf(source)];
  const names = model.classes?.length === width ? model.classes : undefined;
  const elements = texts?.data as BytesElement[] | undefined;
  const label = (row: number, at: number) => names?.[at] ?? (elements ? Buffer.from(elementBytes(elements[row * width + at])).toString("utf8") : "");
  return { rows, width, label, scores: scores?.data };
}

function onlyScores(floats: readonly NumberTensor[]): NumberTensor | undefined {
  const wide = floats.filter((tensor) => widthOf(tensor) > 1);
  if (wide.length <= 1) return floats.at(0);
  throw invalid("serving.bad_request", `Expected one output Tensor of scores; the model gives those of several targets, ${wide.map(({ name }) => `"${name}"`).join(", ")}: ask it by Predict.`);
}

/** An answer as one number per row: its only output of one float per row. */
export function regressions({ outputs }: Answer): Numbers {
  const values = outputs.filter((tensor) => isFloat(tensor) && widthOf(tensor) === 1);
  if (values.length === 1) return values[0].data as Numbers;
  throw invalid("serving.bad_request", `Expected one output Tensor of one float per row; the model has ${values.length === 0 ? "none" : values.map(({ name }) => `"${name}"`).join(", ")}.`);
}

/** `{"results": [[["label", score], …], …]}` */
export function classifyJson(answer: Answer): string {
  const { rows, width, label, scores } = classifications(answer);
  const lists: string[] = [];
  for (let row = 0; row < rows; row++) {
    const classes: string[] = [];
    for (let at = 0; at < width; at++) classes.push(`[${JSON.stringify(label(row, at))},${scores ? scoreJson(scores, row * width + at) : "0.0"}]`);
    lists.push(`[${classes.join(",")}]`);
  }
  return `{"results":[${lists.join(",")}]}`;
}

/** `{"results": [number, …]}` */
export function regressJson(answer: Answer): string {
  const values = regressions(answer);
  return `{"results":[${Array.from({ length: values.length }, (_, at) => scoreJson(values, at)).join(",")}]}`;
}
