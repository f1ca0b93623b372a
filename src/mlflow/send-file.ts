import { createReadStream } from "node:fs";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { House } from "../stage.ts";
import { readFileEntry } from "../tracking/files.ts";
import { artifactFile } from "./artifact-folder.ts";
import type { Place } from "./artifact-path.ts";
import { attachment, contentTypeOf } from "./content-type.ts";

/**
 * Sends a file, or the part of it that a Range header asks for, as an attachment: a browser saves it and never runs it, whatever it is.
 */
export async function sendFile(house: House, request: FastifyRequest, reply: FastifyReply, place: Place): Promise<FastifyReply> {
  const { path } = place;
  const { file, size, sha256 } = await contentOf(house, place);
  void reply.headers({
    "content-type": contentTypeOf(path),
    "content-disposition": attachment(path),
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    ...(sha256 === undefined ? {} : { etag: `"${sha256}"` }),
  });
  const range = rangeOf(request.headers.range, size);
  if (range === "unsatisfiable") return reply.status(416).header("content-range", `bytes */${size}`).send();
  const { from, to } = range ?? { from: 0, to: size - 1 };
  if (range) void reply.status(206).header("content-range", `bytes ${from}-${to}/${size}`);
  void reply.header("content-length", to - from + 1);
  if (size === 0) return reply.send("");
  return reply.send(createReadStream(file, { start: from, end: to }));
}

/** Where the bytes lie; in the artifact store, under their hash. */
async function contentOf(house: House, { owner, path, folder }: Place): Promise<{ readonly file: string; readonly size: number; readonly sha256?: string }> {
  if (folder !== undefined) return artifactFile(folder, path);
  const { sha256, size } = await readFileEntry(house.db, owner, path);
  return { file: await house.blobs.localPath(sha256), size, sha256 };
}

/** The one range of a Range header (RFC 9110 §14); undefined when there is none, or none that we must heed. */
export function rangeOf(header: string | undefined, size: number): { readonly from: number; readonly to: number } | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const last = Number(match[2]);
    return last === 0 || size === 0 ? "unsatisfiable" : { from: Math.max(0, size - last), to: size - 1 };
  }
  const from = Number(match[1]);
  const to = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== "" && Number(match[2]) < from) return undefined;
  return from >= size ? "unsatisfiable" : { from, to };
}
