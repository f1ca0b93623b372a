import Type from "typebox";
import { route } from "../http/route.ts";
import { listDatasetVersions, readDatasetVersion } from "./data.ts";
import { datasetColumns } from "./dataset-file.ts";
import { parquet, query, withConnection } from "../storage/duckdb.ts";

export const dataRoutes = {
  "GET /versions": route({
    summary: "Dataset versions, newest first",
    query: Type.Object({ dataset: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
    handle: async (house, { query }) => ({ versions: await listDatasetVersions(house.db, query) }),
  }),
  "GET /versions/:id": route({
    summary: "One dataset version: manifest, schema, anomalies, leakage findings and profile",
    params: Type.Object({ id: Type.String() }),
    handle: async (house, { params }) => readDatasetVersion(house.db, house.blobs, params.id),
  }),
  "GET /versions/:id/rows": route({
    summary: "The first rows of a dataset version",
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
    handle: async (house, { params, query: { limit } }) => {
      const { manifest } = await readDatasetVersion(house.db, house.blobs, params.id);
      const path = await house.blobs.localPath(manifest.files[0].sha256, `the table of dataset version ${params.id}`);
      return withConnection(async (connection) => ({
        columns: await datasetColumns(connection, path),
        rows: await query<Record<string, unknown>>(connection, `SELECT * FROM ${parquet(path)} LIMIT ${limit ?? 100}`),
      }));
    },
  }),
};

export type DataRoutes = typeof dataRoutes;
