import { readFile, rm, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { parentPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { describeError } from "../../../errors.ts";
import { writeDurably } from "../durable-file.ts";
import type { ChunkHead } from "./chunk-head.ts";
import { readFrames } from "./journal-frames.ts";
import { fileOf } from "./log-file.ts";
import { encodeParquet } from "../../../parquet/encode-parquet.ts";
import { columnsOf } from "./read-records.ts";

/** A chunk to write, or a journal whose gateway is gone. */
export type Work =
  | { readonly file: string; readonly head: ChunkHead; readonly rows: number; readonly parts: readonly Uint8Array[] }
  | { readonly journal: string; readonly directory: string };

/** Rows that are durable in a file, and of a journal those that were there in part. */
export interface Written {
  readonly rows: number;
  readonly lost: number;
}

export interface WriteRequest {
  readonly id: number;
  readonly work: Work;
}

export interface WriteAnswer {
  readonly id: number;
  /** Absent when it failed, for the reason that `error` gives. */
  readonly written?: Written;
  readonly error?: string;
}

async function perform(work: Work): Promise<Written> {
  if ("journal" in work) return recover(work.journal, work.directory);
  await write(work.file, work.head, work.parts, work.rows);
  return { rows: work.rows, lost: 0 };
}

const write = (file: string, head: ChunkHead, parts: readonly Uint8Array[], rows: number): Promise<void> =>
  writeDurably(file, Buffer.concat(encodeParquet(columnsOf(head, parts, rows), rows)));

/** Turns a journal into the file that its gateway would have written, unless that is there, and removes it. */
async function recover(journal: string, directory: string): Promise<Written> {
  const { head, parts, rows, lost } = readFrames(journal, await readFile(journal));
  const file = head && fileOf(directory, head, basename(journal, extname(journal)));
  // Where it is, the gateway died before it removed the journal: every row is there.
  const there = file !== undefined && (await stat(file).catch(() => undefined)) !== undefined;
  if (file !== undefined && !there && rows > 0) await write(file, head!, parts, rows);
  await rm(journal, { force: true });
  return there ? { rows: 0, lost: 0 } : { rows, lost };
}

/** Does one work after the other until told to close. */
function serve(port: MessagePort): void {
  const answer = (message: WriteAnswer) => port.postMessage(message, []);
  let last = Promise.resolve();
  port.on("message", (request: WriteRequest | "close") => {
    last = last.then(async () => {
      if (request === "close") return port.close();
      await perform(request.work).then(
        (written) => answer({ id: request.id, written }),
        (error: unknown) => answer({ id: request.id, error: describeError(error) }),
      );
    });
  });
}

if (parentPort) serve(parentPort);
