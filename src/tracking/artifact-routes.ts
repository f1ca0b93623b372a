import Type from "typebox";
import { invalid } from "../errors.ts";
import { raw, route } from "../http/route.ts";
import { artifactName, listFolder, readFileEntry } from "./files.ts";
import { renderNotebook } from "./notebook.ts";
import { extensionOf, imageTypes, mostShown, previewArtifact } from "./preview.ts";

const byId = Type.Object({ id: Type.String() });
const byPath = Type.Object({ path: Type.String() });

/**
 * What others made is never a page of ours: it runs no script, loads nothing, and has an origin of its own, whether a frame shows it or
 * somebody opens its address.
 */
const sandboxed = {
  "content-security-policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

export const artifactRoutes = {
  "GET /runs/:id/artifacts/*": route({
    summary: "The content of an artifact, sandboxed: an HTML artifact cannot run scripts or reach the API",
    params: Type.Object({ id: Type.String(), "*": Type.String() }),
    query: Type.Object({ download: Type.Optional(Type.Boolean()) }),
    handle: async (house, { params, query }) => {
      const file = await readFileEntry(house.db, params.id, params["*"]);
      const name = file.path.split("/").at(-1) ?? "artifact";
      return raw(contentTypes[extensionOf(file.path)] ?? "application/octet-stream", await house.blobs.stream(file.sha256, { of: artifactName(params.id, file.path), size: file.size }), {
        ...sandboxed,
        "content-length": String(file.size),
        ...(query.download ? { "content-disposition": `attachment; filename="artifact"; filename*=UTF-8''${encodeURIComponent(name)}` } : {}),
      });
    },
  }),
  "GET /runs/:id/files": route({
    summary: "What lies in a folder of a run's artifacts (the root without a path)",
    params: byId,
    query: Type.Object({ path: Type.Optional(Type.String()) }),
    handle: async (house, { params, query }) => ({ entries: await listFolder(house.db, params.id, query.path ?? "") }),
  }),
  "GET /runs/:id/preview": route({
    summary: "How an artifact is shown: the start of a text, the first rows of a table, or what else it is and where to look at it",
    params: byId,
    query: byPath,
    handle: async (house, { params, query }) => previewArtifact(house.blobs, await readFileEntry(house.db, params.id, query.path), params.id),
  }),
  "GET /runs/:id/document": route({
    summary: "An HTML or notebook artifact as a page for a sandboxed frame: no scripts, nothing loaded, an origin of its own",
    params: byId,
    query: byPath,
    handle: async (house, { params, query }) => {
      const file = await readFileEntry(house.db, params.id, query.path);
      const extension = extensionOf(file.path);
      if (!["html", "htm", "ipynb"].includes(extension) || file.size > mostShown.document) {
        throw invalid("tracking.no_document", `${JSON.stringify(file.path)} cannot be shown as a page: that is for .html and .ipynb of up to ${mostShown.document / 1_000_000} MB`);
      }
      const content = await house.blobs.get(file.sha256, artifactName(params.id, file.path));
      const notebook = extension === "ipynb" ? renderNotebook(content.toString("utf8")) : undefined;
      if (extension === "ipynb" && notebook === undefined) throw invalid("tracking.bad_notebook", `${JSON.stringify(file.path)} is no notebook of format 4 (JSON with a list "cells")`);
      return raw("text/html; charset=utf-8", notebook ?? content, sandboxed);
    },
  }),
};

const contentTypes: Readonly<Record<string, string>> = {
  ...imageTypes,
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  ...Object.fromEntries(["txt", "yaml", "yml", "md", "log", "py", "tsv"].map((extension) => [extension, "text/plain; charset=utf-8"])),
};
