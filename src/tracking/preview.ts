import type { BlobInfo, BlobStore } from "../storage/blobs.ts";
import { readDelimited } from "./csv.ts";
import { artifactName } from "./files.ts";
import type { Artifact } from "./types.ts";

/** How an artifact is shown. */
export type Preview =
  | { readonly kind: "image"; readonly size: number }
  /** A page of its own in a sandbox: HTML, or a notebook made into HTML. */
  | { readonly kind: "document"; readonly size: number; readonly note: string }
  | { readonly kind: "table"; readonly size: number; readonly rows: readonly (readonly string[])[]; readonly note: string }
  | { readonly kind: "text"; readonly size: number; readonly text: string; readonly note: string }
  /** Not shown; `note` says why. */
  | { readonly kind: "none"; readonly size: number; readonly note: string };

/** The content types of what a browser shows as a picture. */
export const imageTypes: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
};

/** Bytes beyond which a picture or a document is not shown. */
export const mostShown = { image: 20_000_000, document: 10_000_000 } as const;
/** Bytes of a text or table that are read. */
const head = 400_000;
const mostRows = 200;
const mostCells = 60;

export const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1].toLowerCase() ?? "";

/** What to show of an artifact; never more of it than a page can bear. */
export async function previewArtifact(blobs: BlobStore, { path, sha256, size }: Artifact, owner: string): Promise<Preview> {
  const extension = extensionOf(path);
  if (extension in imageTypes) return size <= mostShown.image ? { kind: "image", size } : tooLarge(size, mostShown.image, "Pictures");
  if (["html", "htm", "ipynb"].includes(extension)) {
    if (size > mostShown.document) return tooLarge(size, mostShown.document, "Documents");
    return { kind: "document", size, note: "Shown in a sandbox: scripts do not run, nothing is loaded from elsewhere." };
  }
  if (extension === "json" && size <= mostShown.document) {
    const table = loggedTable((await blobs.get(sha256, artifactName(owner, path))).toString("utf8"));
    if (table) return { kind: "table", size, ...table };
  }
  const start = await readHead(blobs, { sha256, size }, artifactName(owner, path));
  if (start.includes(0)) return { kind: "none", size, note: "This is not text: download it to open it with its own program." };
  const whole = start.length === size;
  const text = new TextDecoder("utf-8").decode(start, { stream: !whole });
  const cut = whole ? "" : `The first ${Math.round(head / 1000)} kB of ${Math.round(size / 1000)} kB; download it to see all.`;
  if (extension === "csv" || extension === "tsv") {
    const rows = readDelimited(text, extension === "csv" ? "," : "\t", mostRows + 2);
    // The last row of what was cut may be half a row.
    const complete = whole ? rows : rows.slice(0, -1);
    const shown = complete.slice(0, mostRows + 1).map((row) => row.slice(0, mostCells));
    const notes = [
      ...(complete.length > mostRows + 1 || !whole ? [`The first ${shown.length - 1} rows`] : []),
      ...(complete.some((row) => row.length > mostCells) ? [`the first ${mostCells} columns`] : []),
    ];
    return { kind: "table", size, rows: shown, note: notes.length === 0 ? "" : `${notes.join(", ")}; download the file to see all.` };
  }
  return { kind: "text", size, text: extension === "json" && whole ? indented(text) : text, note: cut };
}

/**
 * A table as `mlflow.log_table` writes one, and pandas with `orient="split"`: an object of `columns` and `data` (and perhaps `index`). Undefined for other JSON, and where a number
 * has more digits than JavaScript keeps: then the text is what can be shown.
 */
function loggedTable(text: string): { readonly rows: readonly (readonly string[])[]; readonly note: string } | undefined {
  if (!/^\s*\{/.test(text) || tooManyDigits.test(text)) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { columns, data, ...others } = read as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || Object.keys(others).some((key) => key !== "index")) return undefined;
  if (!data.every((row): row is unknown[] => Array.isArray(row) && row.length === columns.length)) return undefined;
  const cell = (value: unknown): string => (value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const notes = [...(data.length > mostRows ? [`The first ${mostRows} of ${data.length} rows`] : []), ...(columns.length > mostCells ? [`the first ${mostCells} of ${columns.length} columns`] : [])];
  return { rows: [columns, ...data.slice(0, mostRows)].map((row) => row.slice(0, mostCells).map(cell)), note: notes.length === 0 ? "" : `${notes.join(", ")}; download the file to see all.` };
}

const tooManyDigits = /\d{16}/;

const tooLarge = (size: number, most: number, what: string): Preview => ({
  kind: "none",
  size,
  note: `${what} of up to ${most / 1_000_000} MB are shown, this one has ${(size / 1_000_000).toFixed(1)} MB: download it.`,
});

/** JSON with line breaks; text that is no JSON stays as it is, and so do numbers with more digits than JavaScript keeps. */
function indented(text: string): string {
  if (tooManyDigits.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function readHead(blobs: BlobStore, { sha256, size }: BlobInfo, of: string): Promise<Buffer> {
  const stream = await blobs.stream(sha256, { of, size, ...(size > head && { part: { from: 0, to: head - 1 } }) });
  return Buffer.concat(await stream.toArray());
}
