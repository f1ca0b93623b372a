import { open } from "node:fs/promises";
import { fieldAt } from "./protobuf-wire.ts";

// Field numbers of onnx.proto: ModelProto.metadata_props, StringStringEntryProto.key and .value.
const metadataProps = 14;
const entryKey = 1;
const entryValue = 2;

/** More than the longest tag and length of a protobuf field. */
const headerBytes = 20;

/**
 * Reads `metadata_props` of an ONNX file; Millrace writes its signature there, and onnxruntime-node does not expose
 * them. Steps over the graph without reading it, so the cost does not depend on the size of the model. What is no
 * protobuf yields what was read so far: the runtime has the last word on validity. Wire format:
 * protobuf.dev/programming-guides/encoding.
 */
export async function readOnnxMetadata(file: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const read = async (at: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    for (let at = 0; at < size;) {
      const field = fieldAt(await read(at, headerBytes), 0);
      if (!field) break;
      if (field.number === metadataProps) {
        const { key, value } = entry(await read(at + field.start, field.end - field.start));
        found.set(key, value);
      }
      at += field.end;
    }
  } finally {
    await handle.close();
  }
  return found;
}

/** The class labels of a signature in the metadata: the first value that is JSON with a list of `classes`. */
export function classesIn(metadata: ReadonlyMap<string, string>): readonly string[] | undefined {
  for (const text of metadata.values()) {
    if (!text.includes('"classes"')) continue;
    try {
      const value = JSON.parse(text) as { classes?: unknown } | null;
      if (Array.isArray(value?.classes)) return value.classes.map(String);
    } catch {
      continue; // metadata of other tools may hold any text
    }
  }
  return undefined;
}

function entry(message: Uint8Array): { key: string; value: string } {
  const parts = { key: "", value: "" };
  for (let at = 0; at < message.length;) {
    const field = fieldAt(message, at);
    if (!field) break;
    const text = new TextDecoder().decode(message.subarray(field.start, field.end));
    if (field.number === entryKey) parts.key = text;
    if (field.number === entryValue) parts.value = text;
    at = field.end;
  }
  return parts;
}
