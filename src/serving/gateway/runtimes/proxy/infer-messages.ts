import { invalid } from "../../../../errors.ts";
import { inferJson, jsonList } from "../../tensors/json-text.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { readValues } from "../../tensors/read-values.ts";
import { datatypes, product } from "../../tensors/tensor.ts";
import type { Datatype, Tensor, Values } from "../../tensors/tensor.ts";
import { fromRawBytes, rawBytes } from "../../tensors/raw.ts";
import type { UpstreamAnswer } from "./upstream.ts";

interface OutputHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data?: unknown[];
  readonly parameters?: { readonly binary_data_size?: number };
}

const lengthHeader = "inference-header-content-length";

/** An infer request as the Open Inference Protocol has it, its tensors as raw bytes behind the JSON or as JSON. */
export function writeInfer(inputs: readonly Tensor[], binary: boolean): { headers: Record<string, string | number>; body: Buffer[] } {
  if (!binary) {
    const listed = inputs.map(({ name, datatype, shape, data }) => `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(",")}],"data":${jsonData(name, datatype, data)}}`);
    return { headers: { "content-type": "application/json" }, body: [Buffer.from(`{"inputs":[${listed.join(",")}]}`)] };
  }
  const raw = inputs.map(({ data }) => rawBytes(data));
  const heads = inputs.map(({ name, datatype, shape }, index) => ({ name, datatype, shape, parameters: { binary_data_size: raw[index].length } }));
  const header = Buffer.from(JSON.stringify({ inputs: heads, parameters: { binary_data_output: true } }));
  return { headers: { "content-type": "application/octet-stream", [lengthHeader]: header.length }, body: [header, ...raw] };
}

/** Numbers that are missing as null. */
function jsonData(name: string, datatype: Datatype, data: Values): string {
  if (!Array.isArray(data) || data.every((element) => typeof element === "string")) return jsonList({ datatype, data }, inferJson);
  throw invalid("serving.bad_value", `inputs "${name}" has bytes that are no UTF-8, and the server of the model takes no binary tensors.`);
}

/** The outputs of an answer, in the order of `names`; fails with an Error that says what is wrong with it. */
export function readInfer({ body, headers }: UpstreamAnswer, names: readonly string[]): Tensor[] {
  const said = headers[lengthHeader];
  const length = said === undefined ? body.length : Number(said);
  const { outputs } = parseJson(body.toString("utf8", 0, length)) as { outputs?: readonly OutputHead[] };
  if (!Array.isArray(outputs)) throw new Error("its answer has no outputs");
  let at = length;
  const byName = new Map<string, Tensor>();
  for (const { name, datatype, shape, data, parameters } of outputs as readonly OutputHead[]) {
    if (!datatypes.has(datatype)) throw new Error(`its output "${name}" has the unknown datatype ${JSON.stringify(datatype)}`);
    const count = product(shape);
    const size = parameters?.binary_data_size;
    const values = size === undefined ? readValues(data ?? [], datatype, count, `its output "${name}"`) : fromRawBytes(body.subarray(at, (at += size)), datatype, count);
    byName.set(name, { name, datatype, shape, data: values });
  }
  const missing = names.find((name) => !byName.has(name));
  if (missing !== undefined) throw new Error(`its answer lacks the output "${missing}"`);
  return names.map((name) => byName.get(name)!);
}
