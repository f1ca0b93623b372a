import { open } from "node:fs/promises";
import { ProtobufFile, type Field } from "./protobuf-fields.ts";
import type { SignatureField } from "./mlmodel.ts";

/** What an ONNX graph says of itself. */
export interface OnnxFacts {
  readonly inputs: readonly SignatureField[];
  readonly outputs: readonly SignatureField[];
  /** Domain ("" is ONNX's own) → version of its operator set. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly irVersion: number;
  readonly producer: string;
  /** Operator → how often it stands in the graph, most frequent first; graphs within operators (If, Loop) are not counted. */
  readonly operators: Readonly<Record<string, number>>;
  /** Numbers in the graph's constants (its initializers); what operators carry themselves (trees, linear models of ai.onnx.ml) is not counted. */
  readonly parameters: number;
}

/** Names are read, weights are skipped: what is more than this is not a graph that people look at. */
const mostBytes = 128 << 20;
const mostThings = 1_000_000;

/**
 * Describes an ONNX file by walking its protobuf (field numbers of onnx/onnx `onnx.proto`); weights are skipped, so that a file of gigabytes costs little.
 * Returns a sentence instead when the file is none or too large.
 */
export async function describeOnnx(path: string): Promise<OnnxFacts | string> {
  const handle = await open(path, "r");
  try {
    return await readModel(new ProtobufFile(handle, (await handle.stat()).size, mostBytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `The ONNX file cannot be described: ${error.message}`;
  } finally {
    await handle.close();
  }
}

async function readModel(file: ProtobufFile): Promise<OnnxFacts> {
  let [irVersion, producer, producerVersion] = [0, "", ""];
  const opsets: Record<string, number> = {};
  let graph: Graph | undefined;
  for await (const field of file.fields()) {
    if (field.number === 1) irVersion = Number(field.value);
    else if (field.number === 2) producer = await file.text(field, 200);
    else if (field.number === 3) producerVersion = await file.text(field, 200);
    else if (field.number === 7) graph = await readGraph(file, field);
    else if (field.number === 8) {
      const { domain, version } = await readOpset(file, field);
      opsets[domain] = version;
    }
  }
  if (!graph || Object.keys(opsets).length === 0) throw new RangeError("it has no graph or names no operator set");
  return { irVersion, producer: [producer, producerVersion].filter((part) => part !== "").join(" "), opsets, ...graph };
}

type Graph = Pick<OnnxFacts, "inputs" | "outputs" | "operators" | "parameters">;

async function readGraph(file: ProtobufFile, { from, to }: Field): Promise<Graph> {
  const operators = new Map<string, number>();
  const constants = new Set<string>();
  const [inputs, outputs]: [SignatureField[], SignatureField[]] = [[], []];
  let [parameters, things] = [0, 0];
  for await (const field of file.fields(from, to)) {
    if (++things > mostThings) throw new RangeError(`its graph has more than ${mostThings} parts`);
    if (field.number === 1) {
      const operator = await readOperator(file, field);
      operators.set(operator, (operators.get(operator) ?? 0) + 1);
    } else if (field.number === 5) {
      const { name, elements } = await readTensor(file, field);
      constants.add(name);
      parameters += elements;
    } else if (field.number === 11) inputs.push(await readValue(file, field));
    else if (field.number === 12) outputs.push(await readValue(file, field));
  }
  // Files of before IR version 4 list the constants among the inputs.
  return { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs, operators: Object.fromEntries([...operators].toSorted((one, other) => other[1] - one[1])), parameters };
}

async function readOpset(file: ProtobufFile, { from, to }: Field): Promise<{ domain: string; version: number }> {
  let [domain, version] = ["", 0];
  for await (const field of file.fields(from, to)) {
    if (field.number === 1) domain = await file.text(field, 200);
    else if (field.number === 2) version = Number(field.value);
  }
  return { domain, version };
}

async function readOperator(file: ProtobufFile, { from, to }: Field): Promise<string> {
  let [type, domain] = ["", ""];
  for await (const field of file.fields(from, to)) {
    if (field.number === 4) type = await file.text(field, 200);
    else if (field.number === 7) domain = await file.text(field, 200);
  }
  return domain === "" || domain === "ai.onnx" ? type : `${domain}.${type}`;
}

async function readTensor(file: ProtobufFile, { from, to }: Field): Promise<{ name: string; elements: number }> {
  let [name, elements] = ["", 1];
  for await (const field of file.fields(from, to)) {
    if (field.number === 8) name = await file.text(field);
    // Dimensions, packed or one by one.
    else if (field.number === 1) for (const dimension of field.value > 0n ? [field.value] : await file.numbers(field)) elements *= Number(dimension);
  }
  return { name, elements };
}

/** Names of TensorProto.DataType. */
const elementTypes = ["?", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"];

async function readValue(file: ProtobufFile, { from, to }: Field): Promise<SignatureField> {
  let [name, type] = ["", "?"];
  for await (const field of file.fields(from, to)) {
    if (field.number === 1) name = await file.text(field);
    else if (field.number === 2) type = await readType(file, field);
  }
  return { name, type, required: true };
}

async function readType(file: ProtobufFile, { from, to }: Field): Promise<string> {
  for await (const kind of file.fields(from, to)) {
    if (kind.number === 4) return "sequence";
    if (kind.number === 5) return "map";
    if (kind.number !== 1) continue;
    let [element, shape] = ["?", ""];
    for await (const field of file.fields(kind.from, kind.to)) {
      if (field.number === 1) element = elementTypes[Number(field.value)] ?? `type ${field.value}`;
      else if (field.number === 2) shape = await readShape(file, field);
    }
    return `${element}${shape}`;
  }
  return "?";
}

async function readShape(file: ProtobufFile, { from, to }: Field): Promise<string> {
  const dimensions: string[] = [];
  for await (const dimension of file.fields(from, to)) {
    let text = "?";
    for await (const field of file.fields(dimension.from, dimension.to)) text = field.number === 1 ? String(BigInt.asIntN(64, field.value)) : field.number === 2 ? await file.text(field, 100) : text;
    dimensions.push(text);
    if (dimensions.length > 32) throw new RangeError("a tensor of it has more than 32 dimensions");
  }
  return `[${dimensions.join(", ")}]`;
}
