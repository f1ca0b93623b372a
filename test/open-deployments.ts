import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { modelFile, trip } from "../src/serving/gateway/fixtures/gateway-process.ts";
import { superviseGateway } from "../src/serving/gateway-process.ts";
import { attachGateway } from "../src/serving/attached-gateway.ts";
import { gatewayUrl } from "../src/serving/serving.ts";
import { openProtocol, startRun, type Protocol } from "./open-protocol.ts";

export const gatewayProgram = join(import.meta.dirname, "..", "src", "serving", "gateway", "main.ts");

/** A server with a real gateway and versions 1 (13 for a trip) and 2 (1013) of "trips". */
export async function openDeployments({ commits = [] }: { readonly commits?: readonly string[] } = {}) {
  const protocol = await openProtocol();
  const { house } = protocol;
  const supervisor = await superviseGateway({ home: house.settings.home, host: "127.0.0.1", port: 0, grpcPort: 0, program: gatewayProgram, python: null, memoryLimit: null, log: house.log });
  onTestFinished(() => supervisor.stop());
  attachGateway(house, supervisor);
  await protocol.post("registered-models/create", { name: "trips" });
  for (const [at, model] of ["trips-1", "trips-2"].entries()) await addVersion(protocol, await readFile(modelFile(model)), "trips", commits[at]);
  const call = async (method: "GET" | "PUT" | "POST", url: string, payload?: object) => {
    const answer = await protocol.server.inject({ method, url, ...(payload && { payload }) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  const ask = (method: "GET" | "PUT" | "POST", path: string, payload?: object) => call(method, `/api/serving/deployments/${path}`, payload);
  const price = async (parameters: object = {}, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${gatewayUrl(house)}/v2/models/trips/infer`, { method: "POST", headers, body: JSON.stringify(trip(1, 1, "Oslo", { parameters })) });
    return (await answer.json()).outputs[0].data[0];
  };
  /** Version 1 of a model of that name. */
  const addTo = async (name: string, model: Buffer | string) => {
    await protocol.post("registered-models/create", { name });
    await addVersion(protocol, typeof model === "string" ? await readFile(modelFile(model)) : model, name);
  };
  return { house, supervisor, call, ask, price, add: (model: Buffer) => addVersion(protocol, model), addTo };
}

async function addVersion(protocol: Protocol, model: Buffer, name = "trips", commit?: string): Promise<void> {
  const run = await startRun(protocol, commit === undefined ? {} : { tags: [{ key: "mlflow.source.git.commit", value: commit }] });
  const url = `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/model/model.onnx`;
  await protocol.server.inject({ method: "PUT", url, headers: { "content-type": "application/octet-stream" }, payload: model });
  await protocol.post("model-versions/create", { name, source: `mlflow-artifacts:/0/${run}/artifacts/model`, run_id: run });
}

export const champion = (version: number, weight = 1) => ({ name: "champion", version, weight });
export const challenger = (version: number, weight: number) => ({ name: "challenger", version, weight });
