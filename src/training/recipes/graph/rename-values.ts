import { concatenated, textOf, wireBytes, wireFields, wireText, type WireField } from "./wire-fields.ts";

/**
 * A graph's fields with every value and every node in it, in nodes, constants and the graphs within nodes, under another name. What only describes values (their shapes, notes
 * on quantisation) is left out: a runtime finds out by itself.
 *
 * Field numbers are those of onnx/onnx `onnx.proto`: GraphProto, NodeProto, AttributeProto, TensorProto, SparseTensorProto, ValueInfoProto.
 */
export function renameValues(graph: readonly WireField[], rename: (name: string) => string): Uint8Array[] {
  return graph.flatMap((field) => {
    if (field.number === 1) return [wireBytes(1, renamedNode(field.bytes, rename))];
    if (field.number === 5) return [wireBytes(5, renamedText(field.bytes, 8, rename))];
    if (field.number === 15) return [wireBytes(15, changed(field.bytes, (part) => (part.number === 1 ? wireBytes(1, renamedText(part.bytes, 8, rename)) : part.raw)))];
    if (field.number === 11 || field.number === 12) return [wireBytes(field.number, renamedText(field.bytes, 1, rename))];
    return field.number === 13 || field.number === 14 ? [] : [field.raw];
  });
}

function renamedNode(node: Uint8Array, rename: (name: string) => string): Uint8Array {
  return changed(node, (field) => {
    // An input that is left out has an empty name. A node's own name (3), where it has one, must be no other node's: the graph may be put into one of ours.
    if ((field.number === 1 || field.number === 2 || field.number === 3) && field.bytes.length > 0) return wireText(field.number, rename(textOf(field)));
    if (field.number === 5) return wireBytes(5, changed(field.bytes, (part) => (part.number === 6 || part.number === 11 ? wireBytes(part.number, concatenated(renameValues(wireFields(part.bytes), rename))) : part.raw)));
    return field.raw;
  });
}

const renamedText = (message: Uint8Array, number: number, rename: (name: string) => string): Uint8Array =>
  changed(message, (field) => (field.number === number ? wireText(number, rename(textOf(field))) : field.raw));

const changed = (message: Uint8Array, change: (field: WireField) => Uint8Array): Uint8Array => concatenated(wireFields(message).map(change));
