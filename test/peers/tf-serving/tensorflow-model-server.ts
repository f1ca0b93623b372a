import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelConfig } from "../../../src/serving/gateway/config/models-file.ts";
import { createGatewayLog } from "../../../src/serving/gateway/gateway-log.ts";
import { startGateway } from "../../../src/serving/gateway/gateway.ts";

/**
 * Starts a gateway by the command line of tensorflow_model_server, as far as TensorFlow Serving's own tests use it
 * (tensorflow_serving/model_servers/test_util/tensorflow_model_server_test_base.py, RunServer).
 */
async function main(args: readonly string[]): Promise<void> {
  const flags = new Map(args.map((arg) => [arg.replace(/^--/, "").split("=", 1)[0], arg.slice(arg.indexOf("=") + 1)]));
  const configFile = flags.get("model_config_file");
  let config = configFile === undefined ? "" : await readFile(configFile, "utf8");
  const models = configFile === undefined ? new Map([[flags.get("model_name")!, flags.get("model_base_path")!]]) : readConfig(config);
  const home = await mkdtemp(join(tmpdir(), "millrace-model-server-"));
  const gateway = await startGateway(
    {
      home,
      host: "127.0.0.1",
      port: Number(flags.get("rest_api_port")),
      grpcPort: Number(flags.get("port")),
      serverName: "millrace",
      token: undefined,
      version: "0",
      maxBodyBytes: 2 ** 26,
      corsOrigins: [],
      peerMetrics: ["tensorflow-serving"],
      // What their half_plus_two calls its signatures besides the default.
      signatures: ["classify_x_to_y", "regress_x_to_y"],
      drainSeconds: 5,
      shutdownDelaySeconds: 0,
      logPredictions: false,
      own: { models: new Map([...models].map(([name, location]): [string, ModelConfig] => [name, { places: [{ location }] }])), anyPlace: true },
      log: { fileRows: 1000, seconds: 60, capacity: 10_000, capacityBytes: 2 ** 24 },
    },
    createGatewayLog((line) => process.stderr.write(line)),
  );
  const pollSeconds = Number(flags.get("model_config_file_poll_wait_seconds") ?? 0);
  const reload = async () => {
    const text = await readFile(configFile!, "utf8");
    if (text === config) return;
    config = text;
    await gateway.repository.replace([...readConfig(text)].map(([name, location]) => ({ name, location })));
  };
  const timer = configFile !== undefined && pollSeconds > 0 ? setInterval(() => void reload().catch((error: unknown) => process.stderr.write(`${String(error)}\n`)), pollSeconds * 1000) : undefined;
  process.once("SIGTERM", () => {
    clearInterval(timer);
    void gateway.stop().then(() => rm(home, { recursive: true }));
  });
}

/** Names and places of a model_config_list in protobuf's text format, as their tests write it. */
function readConfig(text: string): Map<string, string> {
  const found = [...text.matchAll(/name:\s*"([^"]*)",?\s*base_path:\s*"([^"]*)"/g)].map(([, name, place]): [string, string] => [name, place]);
  if (found.length === 0) throw new Error(`Error parsing text-format tensorflow.serving.ModelServerConfig: there is no model with a name and a base_path.`);
  return new Map(found);
}

await main(process.argv.slice(2));
