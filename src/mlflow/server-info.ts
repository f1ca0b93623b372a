import type { FastifyInstance } from "fastify";
import { rpc, type Rpc } from "./mlflow-route.ts";

/** The version of MLflow whose protocol this is; clients read it to decide what they may ask for. */
export const protocolVersion = "3.11.1";

export async function mountVersion(server: FastifyInstance): Promise<void> {
  server.get("/version", (_request, reply) => reply.type("text/plain; charset=utf-8").send(protocolVersion));
}

export const serverInfoRpc: Rpc = rpc("GET", "3.0/mlflow/server-info", {}, async () => ({ store_type: "SqlStore", workspaces_enabled: false }));
