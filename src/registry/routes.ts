import { invalid } from "../errors.ts";
import Type from "typebox";
import { raw, route } from "../http/route.ts";
import { readAudit } from "../storage/audit.ts";
import { readLineage } from "../tracking/tracking.ts";
import { listModels, modelRow, readModel } from "./models.ts";
import { aliasRoutes } from "./routes-aliases.ts";
import { editRoutes } from "./routes-edit.ts";
import { garbageRoutes } from "./routes-garbage.ts";
import { versionRoutes } from "./routes-versions.ts";
import { latestVersions } from "./search.ts";
import { versionFile } from "./version-files.ts";
import { listVersions, readTrainedVersion, readVersion } from "./versions.ts";
import { listDeliveries } from "./webhooks/deliveries.ts";

const name = Type.Object({ name: Type.String() });
const nameAndVersion = Type.Object({ name: Type.String(), version: Type.Integer({ minimum: 1 }) });

export const registryRoutes = {
  "GET /models": route({
    summary: "Registered models with their aliases, and the newest version of each stage but None",
    handle: async (house) => {
      const models = await listModels(house.db);
      const staged = (await latestVersions(house.db, models.map((model) => model.name))).filter(({ stage }) => stage !== "None");
      const stagesOf = (name: string): Record<string, number> => Object.fromEntries(staged.filter(({ model }) => model === name).map(({ stage, version }) => [stage, version]));
      return { models: models.map((model) => ({ ...model, stages: stagesOf(model.name) })) };
    },
  }),
  "GET /models/:name": route({
    summary: "One model with the numbers of its versions, newest first",
    params: name,
    handle: async (house, { params }) => ({ ...(await readModel(house.db, params.name)), versions: (await listVersions(house.db, params.name)).map(({ version }) => version) }),
  }),
  "GET /models/:name/versions": route({
    summary: "A model's versions, newest first",
    params: name,
    handle: async (house, { params }) => {
      const versions = await listVersions(house.db, params.name);
      if (versions.length === 0) await modelRow(house.db, params.name);
      return { versions };
    },
  }),
  "GET /models/:name/versions/:version": route({
    summary: "One version with its lineage",
    params: nameAndVersion,
    handle: async (house, { params }) => {
      const version = await readVersion(house.db, params.name, params.version);
      return { ...version, lineage: await readLineage(house.db, { kind: "model_version", id: `${params.name}/${params.version}` }) };
    },
  }),
  "GET /models/:name/versions/:version/model.onnx": route({
    summary: "The version's ONNX graph",
    params: nameAndVersion,
    handle: async (house, { params }) => {
      const version = await readTrainedVersion(house.db, params.name, params.version);
      if (version.artifact.python) throw invalid("registry.no_graph", `Version ${params.version} of ${params.name} is an MLflow model that Python loads, not an ONNX graph: its files are those of ${version.source}`);
      return raw("application/octet-stream", await house.blobs.get(version.artifact.sha256, versionFile(version, "model.onnx")), {
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(`${params.name}-${params.version}.onnx`)}`,
      });
    },
  }),
  ...versionRoutes,
  ...editRoutes,
  ...aliasRoutes,
  ...garbageRoutes,
  "GET /models/:name/history": route({
    summary: "Every change of a model: versions registered, aliases moved; who, when, why",
    params: name,
    handle: async (house, { params }) => ({ entries: await readAudit(house.db, { object: `model/${params.name}` }) }),
  }),
  "GET /webhooks/:id/deliveries": route({
    summary: "What a webhook was told, and how it went: the newest first",
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }) }),
    handle: async (house, { params, query }) => ({ deliveries: await listDeliveries(house.db, params.id, query.limit) }),
  }),
};

export type RegistryRoutes = typeof registryRoutes;
