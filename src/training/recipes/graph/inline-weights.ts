import { lstat, readFile } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { invalid } from "../../../errors.ts";
import { concatenated, textOf, wireBytes, wireFields, type WireField } from "./wire-fields.ts";

/** What one file of a model may hold: protobuf's own limit is 2 GiB. */
const mostBytes = 2 ** 31 - 1;

/**
 * The graph's fields with the weights that lie in files beside the model (`external_data`, as PyTorch's exporter writes them) put into it, so that a model is one
 * file. Returns the names of those files, too.
 *
 * @throws `training.weights_missing` for a file that is not in `folder`, or is shorter than the model says; `training.model_too_large`
 */
export async function inlineWeights(graph: readonly WireField[], folder: string): Promise<{ readonly graph: WireField[]; readonly files: ReadonlySet<string> }> {
  const files = new Map<string, Buffer>();
  let total = 0;
  const inlined: WireField[] = [];
  for (const field of graph) {
    const tensor = field.number === 5 ? wireFields(field.bytes) : [];
    if (!tensor.some(({ number, value }) => number === 14 && value === 1)) {
      inlined.push(field);
      continue;
    }
    const where = new Map(tensor.filter(({ number }) => number === 13).map(({ bytes }) => entryOf(bytes)));
    const location = where.get("location") ?? "";
    const content = files.get(location) ?? (await contentOf(folder, location));
    files.set(location, content);
    const offset = Number(where.get("offset") ?? 0);
    const length = Number(where.get("length") ?? content.length - offset);
    if (!(offset >= 0 && length >= 0 && offset + length <= content.length)) throw invalid("training.weights_missing", `The model's weights in ${location} end at byte ${content.length}, and the model asks for bytes up to ${offset + length}`);
    total += length;
    if (total > mostBytes) throw invalid("training.model_too_large", "The model's weights are more than 2 GiB, which one ONNX file cannot hold");
    const bytes = concatenated([...tensor.filter(({ number }) => number !== 13 && number !== 14).map(({ raw }) => raw), wireBytes(9, content.subarray(offset, offset + length))]);
    inlined.push({ ...field, bytes, raw: wireBytes(5, bytes) });
  }
  return { graph: inlined, files: new Set([...files.keys()].map((file) => normalize(file))) };
}

function entryOf(bytes: Uint8Array): [string, string] {
  const [key, value] = [1, 2].map((number) => wireFields(bytes).find((field) => field.number === number));
  return [key ? textOf(key) : "", value ? textOf(value) : ""];
}

async function contentOf(folder: string, location: string): Promise<Buffer> {
  const path = normalize(location);
  const outside = isAbsolute(path) || path === ".." || path.startsWith(`..${sep}`);
  const found = outside ? undefined : await lstat(join(folder, path)).catch(() => undefined);
  if (found?.isFile() !== true) throw invalid("training.weights_missing", `The model's weights lie in ${JSON.stringify(location)}, which is no file of the model folder; write them beside the model, or into it`);
  if (found.size > mostBytes) throw invalid("training.model_too_large", "The model's weights are more than 2 GiB, which one ONNX file cannot hold");
  return await readFile(join(folder, path));
}
