import { invalid } from "../../../../errors.ts";
import { withContext } from "../../protocols/tf-serving/examples.ts";
import type { Example } from "../../protocols/tf-serving/examples.ts";
import { bytesElement } from "../../tensors/tensor.ts";
import type { ExampleMessage, Feature, Input } from "./serving-messages.ts";

/** The examples of an Input; what its context says holds for every example that does not say it itself. */
export function readInput(input: Input | null): readonly Example[] {
  const list = input?.example_list ?? input?.example_list_with_context;
  if (!list) throw invalid("serving.bad_request", "Input is empty.");
  const context = input!.example_list_with_context?.context;
  return withContext(context ? readExample(context) : undefined, list.examples.map(readExample));
}

/** Features without a value are as if they were not there. */
const readExample = ({ features }: ExampleMessage): Example =>
  Object.fromEntries(Object.entries(features?.feature ?? {}).flatMap(([name, feature]) => (feature.kind ? [[name, values(feature)]] : [])));

function values({ bytes_list: bytes, float_list: floats, int64_list: integers }: Feature): readonly unknown[] | Float32Array {
  if (floats) return Float32Array.from(floats.value);
  if (integers) return integers.value.map((value) => (Number.isSafeInteger(value.toNumber()) ? value.toNumber() : BigInt(String(value))));
  return bytes!.value.map((value) => {
    const element = bytesElement(value);
    return typeof element === "string" ? element : { b64: value.toString("base64") };
  });
}
