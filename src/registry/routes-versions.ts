import Type from "typebox";
import { notFound } from "../errors.ts";
import { raw, route } from "../http/route.ts";
import { transact } from "../storage/transactions.ts";
import { compareEvidence } from "./compare.ts";
import { storeConversion } from "./convert/store-conversion.ts";
import { deletedModels, deletedVersions } from "./deleted.ts";
import { readEvidence } from "./evidence.ts";
import { deleteModel, restoreModel } from "./models.ts";
import { listVersionFiles, versionFile } from "./version-files.ts";
import { deleteVersion, readVersion, restoreVersion } from "./versions.ts";

const name = Type.Object({ name: Type.String() });
const nameAndVersion = Type.Object({ name: Type.String(), version: Type.Integer({ minimum: 1 }) });
const count = Type.Integer({ minimum: 0 });
const why = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 2000 })) });

export const versionRoutes = {
  "GET /models/:name/versions/:version/evidence": route({
    summary: "What stands behind a version: code, data, configuration, environment, evaluation, signature, format, graph, files",
    params: nameAndVersion,
    handle: (house, { params }) => readEvidence(house, params.name, params.version),
  }),
  "GET /models/:name/versions/:version/compare": route({
    summary: "This version (A) beside another (B), of the same model or of one that is named: what was added, removed, changed",
    params: nameAndVersion,
    query: Type.Object({ with: Type.Integer({ minimum: 1 }), model: Type.Optional(Type.String()) }),
    handle: async (house, { params, query }) => compareEvidence(await readEvidence(house, params.name, params.version), await readEvidence(house, query.model ?? params.name, query.with)),
  }),
  "GET /models/:name/versions/:version/files/*": route({
    summary: "A file of a version, as an attachment: a browser saves it and never runs it",
    params: Type.Object({ name: Type.String(), version: Type.Integer({ minimum: 1 }), "*": Type.String() }),
    handle: async (house, { params }) => {
      const version = await readVersion(house.db, params.name, params.version);
      const files = await listVersionFiles(house.db, version);
      const file = files?.find(({ path }) => path === params["*"]);
      if (!file) throw notFound("registry.file_not_found", `Version ${params.version} of ${params.name} has no file ${JSON.stringify(params["*"])}${files === undefined ? ": its files are kept outside of the artifact store" : ""}`);
      return raw("application/octet-stream", await house.blobs.stream(file.sha256, { of: versionFile(version, file.path), size: file.size }), {
        "content-length": String(file.size),
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.path.split("/").at(-1) ?? "")}`,
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
      });
    },
  }),
  "POST /models/:name/versions/:version/conversions": route({
    summary: "Registers an ONNX graph that was made of this version (`millrace models convert`) as the next one, with its lineage; nothing is run here",
    params: nameAndVersion,
    body: Type.Object({
      onnx: Type.String({ description: "the file in base64, 48 MB at most" }),
      versions: Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 100 })),
      compared: Type.Union([
        Type.Null(),
        Type.Object({
          rows: count,
          made: count,
          difference: Type.Number(),
          share: Type.Number(),
          differentLabels: count,
          refused: count,
          rounded: count,
          mended: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 50 }),
        }),
      ]),
    }),
    handle: async (house, { params, body: { onnx, versions, compared }, actor }) => ({
      version: await storeConversion(house, { model: params.name, version: params.version, onnx: Buffer.from(onnx, "base64"), versions, compared, actor }),
    }),
  }),
  "GET /deleted": route({
    summary: "Models and versions that were deleted and can be brought back",
    handle: async (house) => ({ models: await deletedModels(house.db), versions: await deletedVersions(house.db) }),
  }),
  "DELETE /models/:name": route({
    summary: "Deletes a model that is not deployed; it can be restored until garbage is collected",
    params: name,
    query: why,
    handle: (house, { params, query, actor }) => transact(house.db, (transaction) => deleteModel(transaction, params.name, { time: house.clock.now(), actor, reason: query.reason })),
  }),
  "POST /models/:name/restore": route({
    summary: "Brings back the model of this name that was deleted last",
    params: name,
    body: why,
    handle: (house, { params, body, actor }) => transact(house.db, (transaction) => restoreModel(transaction, params.name, { time: house.clock.now(), actor, reason: body.reason })),
  }),
  "DELETE /models/:name/versions/:version": route({
    summary: "Deletes a version that is not deployed, with the aliases that point at it; it can be restored until garbage is collected",
    params: nameAndVersion,
    query: why,
    handle: (house, { params, query, actor }) => transact(house.db, (transaction) => deleteVersion(transaction, params.name, params.version, { time: house.clock.now(), actor, reason: query.reason })),
  }),
  "POST /models/:name/versions/:version/restore": route({
    summary: "Brings back a deleted version, without its aliases",
    params: nameAndVersion,
    body: why,
    handle: (house, { params, body, actor }) => transact(house.db, (transaction) => restoreVersion(transaction, params.name, params.version, { time: house.clock.now(), actor, reason: body.reason })),
  }),
};
