import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { config, endpoint, modelFile, variant, writeConfig } from "../../fixtures/gateway-process.ts";
import { createGatewayLog } from "../../gateway-log.ts";
import { startGateway } from "../../gateway.ts";
import { runtimeConformance } from "./runtime-conformance.ts";

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "millrace-runtimes-"));
  ends.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function fileOf(name: string, text: string): Promise<string> {
  const file = join(await folder(), name);
  await writeFile(file, text);
  return file;
}

runtimeConformance("onnx", async () => ({ trips: modelFile("trips-1"), picky: modelFile("picky"), nonsense: await fileOf("broken.onnx", "no model") }));

const graphOf = (model: string) => `nodes:\n  root:\n    kind: sequence\n    steps:\n      - model: ${model}\n`;

runtimeConformance("graph", async () => ({
  trips: await fileOf("trips.graph.yaml", graphOf(modelFile("trips-1"))),
  picky: await fileOf("picky.graph.yaml", graphOf(modelFile("picky"))),
  nonsense: await fileOf("broken.graph.yaml", "nodes: ["),
}));

runtimeConformance("proxy", async () => {
  const home = await folder();
  await mkdir(join(home, "gateway"));
  await writeConfig(home, config(1, endpoint("trips", variant("champion", "trips-1", 1)), endpoint("picky", variant("champion", "picky", 1))));
  const log = { fileRows: 1000, seconds: 60, capacity: 100_000, capacityBytes: 1 << 26 };
  const gateway = await startGateway(
    { home, host: "127.0.0.1", port: 0, grpcPort: null, serverName: "millrace", token: undefined, version: "1", maxBodyBytes: 1 << 26, corsOrigins: [], peerMetrics: [], drainSeconds: 1, shutdownDelaySeconds: 0, logPredictions: false, log },
    createGatewayLog(() => undefined),
  );
  ends.push(() => gateway.stop());
  const models = `http://127.0.0.1:${gateway.address.port}/v2/models`;
  return { trips: `${models}/trips`, picky: `${models}/picky`, nonsense: `${models}/nothing` };
});
