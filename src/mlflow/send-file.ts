import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { House } from "../stage.ts";
import { artifactName, readFileEntry } from "../tracking/files.ts";
import { artifactFile } from "./artifact-folder.ts";
import type { Place } from "./artifact-path.ts";
import { attachment, contentTypeOf } from "./content-type.ts";

/**
 * Sends a file, or the part of it that a Range header asks for, as an attachment: a browser saves it and never runs it, whatever it is.
 */
export async function sendFile(house: House, request: FastifyRequest, reply: FastifyReply, place: Place): Promise<FastifyReply> {
  const { path } = place;
  const { size, sha256, open } = await contentOf(house, place);
  const range = rangeOf(request.headers.range, size);
  // Before any header: what is damaged, or not there, is an answer of its own.
  const body = range === "unsatisfiable" || size === 0 ? undefined : await open(range);
  void reply.headers({
    "content-type": contentTypeOf(path),
    "content-disposition": attachment(path),
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    ...(sha256 === undefined ? {} : { etag: `"${sha256}"` }),
  });
  if (range === "unsatisfiable") return reply.status(416).header("content-range", `bytes */${size}`).send();
  const { from, to } = range ?? { from: 0, to: size - 1 };
  if (range) void reply.status(206).header("content-range", `bytes ${from}-${to}/${size}`);
  void reply.header("content-length", to - from + 1);
  return reply.send(body ?? "");
}

interface Part {
  readonly from: number;
  readonly to: number;
}

interface Content {
  readonly size: number;
  /** Of what lies in the artifact store, and is checked there. */
  readonly sha256?: string;
  readonly open: (part: Part | undefined) => Promise<Readable>;
}

async function contentOf(house: House, { owner, path, folder }: Place): Promise<Content> {
  if (folder !== undefined) {
    const { file, size } = await artifactFile(folder, path);
    return { size, open: (part) => Promise.resolve(createReadStream(file, part && { start: part.from, end: part.to })) };
  }
  const { sha256, size } = await readFileEntry(house.db, owner, path);
  return { sha256, size, open: (part) => house.blobs.stream(sha256, { of: artifactName(owner, path), size, ...(part && { part }) }) };
}

/** The one range of a Range header (RFC 9110 §14); undefined when there is none, or none that we must heed. */
export function rangeOf(header: string | undefined, size: number): Part | "unsatisfiable" | undefined {
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
