import type { FastifyInstance } from "fastify";
import { rpc, type Rpc } from "./mlflow-route.ts";

/** The version of MLflow whose protocol this is; clients read it to decide what they may ask for. */
export const protocolVersion = "3.18.0";

export async function mountVersion(server: FastifyInstance): Promise<void> {
  server.get("/version", (_request, reply) => reply.type("text/plain; charset=utf-8").send(protocolVersion));
}

/**
 * What clients are told they may use, in the words of MLflow 3.18's server (mlflow/utils/server_info.py): nothing that is not served. `multipart_…`
 * makes them move large artifacts in parts, over addresses of this server (`multipart.ts`); as these must be reachable without further
 * credentials, which a proxy in between may ask for, they are announced when the operator says so, as MLflow does. Presigned addresses of an
 * object store are not given out: clients that have the rights write there themselves.
 */
export const serverInfoRpc: Rpc = rpc("GET", "3.0/mlflow/server-info", {}, async ({ settings }) => ({
  store_type: "SqlStore",
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: settings.parallelTransfers,
  multipart_downloads_enabled: settings.parallelTransfers,
  artifact_serving_enabled: true,
  presigned_upload_run_id_supported: false,
  presigned_upload_model_id_supported: false,
  model_artifact_presigned_downloads_supported: false,
  features_enabled: { gateway: false, scheduled_issue_detection: false },
  tracking_auth: "",
  artifacts_presigned_only: false,
}));
