import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { House } from "../stage.ts";
import { writeAtomically } from "../storage/atomic-file.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { readFileEntry, requireFree, storeFile } from "../tracking/files.ts";
import { placeOf, safePath } from "./artifact-path.ts";
import { invalidParameter, missingResource } from "./mlflow-error.ts";
import { integer, list, message, orElse, readFields, required, string } from "./mlflow-fields.ts";
import { formatBody, parseBody } from "./mlflow-json.ts";
import { answerErrors } from "./mlflow-route.ts";

const mostParts = 10_000;
/** An upload that nobody completed in this time is forgotten. */
const longestMs = 7 * 86_400_000;

const uploadsFolder = (house: House): string => join(house.settings.home, "uploads");

interface Upload {
  readonly path: string;
  readonly parts: number;
}

/**
 * Artifacts of `mlflow-artifacts:` in parts, side by side, each of which may be sent again (`/mlflow-artifacts/mpu/…`), and the address of
 * a file for downloads in ranges (`/mlflow-artifacts/presigned/…`). Parts lie in `<home>/uploads/<upload>/` until the upload is
 * completed, which a crash does not undo. The addresses that clients get are of the host they asked.
 */
export async function mountMultipart(server: FastifyInstance, house: House): Promise<void> {
  await forgetOldUploads(house);
  await server.register(
    async (scope) => {
      answerErrors(scope, house);
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => done(null, text));
      scope.post("/mpu/create/*", async (request, reply) => reply.type("application/json").send(formatBody(await create(house, request))));
      scope.post("/mpu/complete/*", async (request, reply) => {
        const { path, upload_id, parts } = readFields(completeFields, bodyOf(request));
        await complete(house, upload_id, pathOf(request, path), parts);
        return reply.send({});
      });
      scope.post("/mpu/abort/*", async (request, reply) => {
        const { upload_id } = readFields(abortFields, bodyOf(request));
        await readUpload(house, upload_id);
        await rm(join(uploadsFolder(house), upload_id), { recursive: true, force: true });
        return reply.send({});
      });
      scope.get("/presigned/*", async (request, reply) => {
        const path = safePath(wildcard(request));
        const place = placeOf(path);
        const { size } = await readFileEntry(house.db, place.owner, place.path);
        return reply.type("application/json").send(formatBody({ url: `${base(request)}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`, headers: {}, file_size: size }));
      });
      await scope.register(async (parts) => {
        parts.removeAllContentTypeParsers();
        parts.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
        parts.put("/mpu/parts/:upload/:part", async (request, reply) => reply.header("etag", `"${await storePart(house, request)}"`).send({}));
      });
    },
    { prefix: "/api/2.0/mlflow-artifacts" },
  );
}

const createFields = { path: required(string), num_parts: orElse(integer, 1) };
const abortFields = { path: required(string), upload_id: required(string) };
const completeFields = { ...abortFields, parts: required(list(message({ part_number: required(integer), etag: required(string), url: string }))) };

const wildcard = (request: FastifyRequest): string => (request.params as { "*": string })["*"];
const bodyOf = (request: FastifyRequest) => parseBody((request.body as string | undefined) ?? "");
/** The address that the client reached us at: a proxy that ends TLS says by which protocol. It is told to nobody else. */
const base = (request: FastifyRequest): string => {
  const forwarded = String(request.headers["x-forwarded-proto"] ?? "").split(",")[0].trim();
  return `${forwarded === "https" ? "https" : request.protocol}://${request.headers.host}/api/2.0/mlflow-artifacts`;
};

/** Where the file will be: the folder of the address, and the name of the client's file. */
const pathOf = (request: FastifyRequest, file: string): string => {
  const name = file.split(/[/\\]/).at(-1) ?? "";
  const folder = safePath(wildcard(request));
  return safePath(folder === "" ? name : `${folder}/${name}`);
};

async function create(house: House, request: FastifyRequest): Promise<object> {
  const { path: file, num_parts: parts } = readFields(createFields, bodyOf(request));
  if (parts < 1 || parts > mostParts) throw invalidParameter(`num_parts must be from 1 to ${mostParts}, got ${parts}`);
  const path = pathOf(request, file);
  const place = placeOf(path);
  await requireFree(house.db, place.owner, place.path);
  const id = randomUUID();
  const folder = join(uploadsFolder(house), id);
  await mkdir(folder, { recursive: true });
  await writeAtomically(folder, "upload.json", JSON.stringify({ path, parts } satisfies Upload));
  const credentials = Array.from({ length: parts }, (_, at) => ({ url: `${base(request)}/mpu/parts/${id}/${at + 1}`, part_number: at + 1, headers: {} }));
  return { upload_id: id, credentials };
}

/** Throws RESOURCE_DOES_NOT_EXIST. */
async function readUpload(house: House, id: string): Promise<Upload> {
  const text = /^[0-9a-f-]{36}$/.test(id) ? await readFile(join(uploadsFolder(house), id, "upload.json"), "utf8").catch(() => undefined) : undefined;
  if (text === undefined) throw missingResource(`There is no upload ${JSON.stringify(id)}; it may have been completed or aborted`);
  return JSON.parse(text) as Upload;
}

/** Keeps one part; sent again, the last counts. Returns the SHA-256 of its content, which names its file. */
async function storePart(house: House, request: FastifyRequest): Promise<string> {
  const { upload, part } = request.params as { upload: string; part: string };
  const { parts } = await readUpload(house, upload);
  const number = Number(part);
  if (!Number.isInteger(number) || number < 1 || number > parts) throw invalidParameter(`This upload has the parts 1 to ${parts}, got ${JSON.stringify(part)}`);
  const hash = createHash("sha256");
  const temporary = join(uploadsFolder(house), upload, `${number}.${randomUUID()}.part`);
  const measured = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline((request.body as Readable | undefined) ?? Readable.from([]), measured, createWriteStream(temporary, { flush: true }));
    const digest = hash.digest("hex");
    await rename(temporary, join(uploadsFolder(house), upload, `${number}-${digest}`));
    return digest;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Puts the parts together, in their order; what a client says it sent must be what came. */
async function complete(house: House, id: string, path: string, parts: readonly { readonly part_number: number; readonly etag: string }[]): Promise<void> {
  const upload = await readUpload(house, id);
  if (upload.path !== path) throw invalidParameter(`This upload is of ${JSON.stringify(upload.path)}, not of ${JSON.stringify(path)}`);
  const folder = join(uploadsFolder(house), id);
  const there = new Set(await readdir(folder));
  const files = parts.toSorted((one, other) => one.part_number - other.part_number).map(({ part_number: number, etag }) => ({ number, name: `${number}-${etag.replaceAll('"', "")}` }));
  const wrong = Array.from({ length: upload.parts }, (_, at) => at + 1).filter((number) => files[number - 1]?.number !== number || !there.has(files[number - 1].name));
  if (wrong.length > 0 || files.length !== upload.parts) throw invalidParameter(`Of the ${upload.parts} parts of this upload, these have not come as the client says: ${wrong.slice(0, 10).join(", ")}`);
  const place = placeOf(path);
  const blob = await house.blobs.put(Readable.from(contents(files.map(({ name }) => join(folder, name)))));
  await writeTogether(house.db, (transaction) => storeFile(transaction, place.owner, place.path, blob));
  await rm(folder, { recursive: true, force: true });
}

async function* contents(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) yield chunk as Buffer;
}

async function forgetOldUploads(house: House): Promise<void> {
  const folder = uploadsFolder(house);
  for (const name of await readdir(folder).catch(() => [])) {
    const known = await stat(join(folder, name)).catch(() => undefined);
    if (known && house.clock.now() - known.mtimeMs > longestMs) await rm(join(folder, name), { recursive: true, force: true });
  }
}
