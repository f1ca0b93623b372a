import { Busboy } from "@fastify/busboy";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describeError, invalid } from "../../../../errors.ts";
import type { HttpRequest } from "../protocol.ts";
import { bodyText } from "../../tensors/body-text.ts";

/** A body, or a part of one. */
export interface Part {
  /** Of a form's field; undefined for a whole body. */
  readonly name?: string;
  /** The media type in lower case, without parameters; "" where the sender says nothing. */
  readonly type: string;
  readonly bytes: Buffer;
}

export const mediaType = (value: string | undefined): string => (value ?? "").split(";", 1)[0].trim().toLowerCase();

const mostParts = 1000;

/** The parts of a request: the fields of a form, or its body. Fails with `serving.bad_form`. */
export function readParts(request: HttpRequest): Promise<readonly Part[]> | readonly Part[] {
  const { body } = request;
  const header = request.header("content-type");
  const type = mediaType(header);
  if (type === "multipart/form-data") return multipart(body, header!);
  if (type !== "application/x-www-form-urlencoded") return [{ type, bytes: body }];
  // What curl -d calls a form is most often JSON.
  if (looksLikeJson(body)) return [{ type: "application/json", bytes: body }];
  const fields = [...new URLSearchParams(bodyText(body))];
  if (fields.length > mostParts) throw tooMany();
  return fields.map(([name, text]) => ({ name, type: "text/plain", bytes: Buffer.from(text) }));
}

/** Whether bytes begin and end as a JSON object or list does. */
export function looksLikeJson(bytes: Buffer): boolean {
  const first = bytes.findIndex((byte) => byte > 32);
  const last = bytes.findLastIndex((byte) => byte > 32);
  return (bytes[first] === 123 && bytes[last] === 125) || (bytes[first] === 91 && bytes[last] === 93);
}

const tooMany = () => invalid("serving.bad_form", `The form has more than ${mostParts} fields.`);

async function multipart(body: Buffer, contentType: string): Promise<Part[]> {
  const parts: Part[] = [];
  try {
    const parser = new Busboy({ headers: { "content-type": contentType }, limits: { parts: mostParts, fieldSize: body.length, fieldNameSize: 500 } });
    parser.on("partsLimit", () => parser.destroy(tooMany()));
    parser.on("field", (name, value, _nameCut, _valueCut, _encoding, type) => parts.push({ name, type: mediaType(type), bytes: Buffer.from(value) }));
    parser.on("file", (name, stream, _filename, _encoding, type) => {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => parts.push({ name, type: mediaType(type), bytes: Buffer.concat(pieces) }));
    });
    await pipeline(Readable.from([body]), parser);
  } catch (error) {
    throw invalid("serving.bad_form", `The body is not proper multipart/form-data: ${describeError(error)}.`);
  }
  if (parts.length === 0) throw invalid("serving.bad_form", "The form has no fields; send data=@FILE, or a field per input of the model.");
  return parts;
}
