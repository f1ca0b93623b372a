import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { hashFile } from "../../checked-file.ts";
import { invalid, notFound } from "../../errors.ts";
import type { TriggerOn } from "../../project/triggers.ts";
import type { JsonObject } from "../../stage.ts";
import type { Look } from "./types.ts";

type DataOn = Extract<TriggerOn, { readonly kind: "data" }>;

/** What can be told of a file without reading it. */
type Outside = { readonly size: number; readonly changedAt: number };

/** `known`: the content that was seen last, `null` as its digest until it was read at rest; `seen`: another that may still be written. */
type Cursor = JsonObject & { readonly known?: Outside & { readonly sha256: string | null }; readonly seen?: Outside };

/** A file as it stands when its trigger is set; one that is not there yet fires when it comes. */
export async function dataBegins({ file }: DataOn): Promise<JsonObject> {
  const outside = await outsideOf(file);
  return outside === undefined ? {} : { known: { ...outside, sha256: null } };
}

/**
 * Looks whether a file has another content than at the last look. What has changed must look the same at the next look, too, before it is read, and while it is read: a
 * file that is being written starts nothing. Another date of the same content is no change. Throws `pipelines.data_gone`.
 */
export async function lookAtData({ file }: DataOn, cursor: Cursor): Promise<Look> {
  const now = await outsideOf(file);
  if (now === undefined) throw notFound("pipelines.data_gone", `The file ${file} is not there`);
  const { known, seen } = cursor;
  const nothing = (next: JsonObject): Look => ({ occurrences: [], cursor: next });
  if (known && sameOutside(known, now)) {
    if (known.sha256 === null) {
      const sha256 = await contentOf(file, now);
      return nothing(sha256 === undefined ? cursor : { known: { ...now, sha256 } });
    }
    return nothing(seen === undefined ? cursor : { known });
  }
  const waits = { ...(known && { known }), seen: now };
  if (!seen || !sameOutside(seen, now)) return nothing(waits);
  const sha256 = await contentOf(file, now);
  if (sha256 === undefined) return nothing(waits);
  const next = { known: { ...now, sha256 } };
  if (known?.sha256 === sha256) return nothing(next);
  const why = known ? `${basename(file)} changed: it has ${now.size} bytes, and had ${known.size}` : `${basename(file)} came: it has ${now.size} bytes`;
  return { occurrences: [{ cause: "data", key: `data ${sha256} ${now.changedAt}`, lane: "data", why, details: { file, sha256, size: now.size } }], cursor: next };
}

const sameOutside = (a: Outside, b: Outside): boolean => a.size === b.size && a.changedAt === b.changedAt;

async function outsideOf(file: string): Promise<Outside | undefined> {
  try {
    const found = await stat(file);
    if (found.isFile()) return { size: found.size, changedAt: found.mtimeMs };
    throw invalid("pipelines.data_no_file", `${file} is no file; a trigger on data watches the file of data.source`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw invalid("pipelines.data_unreadable", `The file ${file} cannot be looked at: ${(error as Error).message}`);
  }
}

/** The digest of a file that did not change while it was read; undefined when it did. */
async function contentOf(file: string, before: Outside): Promise<string | undefined> {
  try {
    const { sha256 } = await hashFile(file);
    const after = await outsideOf(file);
    return after && sameOutside(before, after) ? sha256 : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw invalid("pipelines.data_unreadable", `The file ${file} cannot be read: ${(error as Error).message}`);
  }
}
