import { isUtf8 } from "node:buffer";
import { invalid } from "../../../errors.ts";

/** The text of a body, or of its first `length` bytes; fails with `serving.not_text` where it is none: RFC 8259, 8.1. */
export function bodyText(body: Buffer, length = body.length): string {
  const bytes = length === body.length ? body : body.subarray(0, length);
  checkText(bytes);
  return bytes.toString("utf8");
}

/** Fails with `serving.not_text` where bytes are no text. */
export function checkText(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw invalid("serving.not_text", "The body is not UTF-8 text; send JSON, CSV and forms in UTF-8.");
}
