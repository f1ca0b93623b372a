import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import colors from "picocolors";
import type { Command } from "../cli/command.ts";
import { table } from "../cli/table.ts";
import { conflict, invalid } from "../errors.ts";
import { containerContract } from "./container-contract.ts";
import { parseBytes } from "../serving/gateway/config/bytes.ts";
import { readModelsFile } from "../serving/gateway/config/models-file.ts";
import type { ModelConfig } from "../serving/gateway/config/models-file.ts";
import { parseUnknownInputs } from "../serving/gateway/config/batch-config.ts";
import { createGatewayLog } from "../serving/gateway/gateway-log.ts";
import type { GatewayLog } from "../serving/gateway/gateway-log.ts";
import { startGateway } from "../serving/gateway/gateway.ts";
import type { RunningGateway } from "../serving/gateway/gateway.ts";
import { traceShareIn } from "../serving/gateway/metrics/prediction-span.ts";
import { peerMetrics } from "../serving/gateway/metrics/peer-metrics.ts";
import { grpcServices } from "../serving/gateway/grpc/grpc-services.ts";
import { exampleRow } from "../serving/gateway/protocols/predict/example.ts";
import { protocols } from "../serving/gateway/protocols/protocols.ts";

type Options = Readonly<Record<string, unknown>>;

/** Serves models until interrupted. */
export const runGateway: Command["run"] = async ({ json, say, signal }, [argument], options) => {
  if (argument !== undefined && argument !== "serve") throw invalid("serving.bad_argument", `"${argument}" is not known here; the one argument there may be is serve, which SageMaker gives.`);
  const models = new Map<string, ModelConfig>();
  if (typeof options["modelsFile"] === "string") {
    for (const [name, model] of await readModelsFile(resolve(options["modelsFile"]))) models.set(name, model);
  }
  for (const spec of (options["model"] ?? []) as readonly string[]) {
    const [name, model] = parseModel(spec);
    if (models.has(name)) throw invalid("serving.duplicate_model", `The model "${name}" is given twice; give each name once.`);
    models.set(name, model);
  }
  const given = typeof options["modelRepository"] === "string" ? resolve(options["modelRepository"]) : undefined;
  const contract = await containerContract(process.env, { serve: argument === "serve", named: models.size > 0 || given !== undefined });
  if (contract) say(`running as ${contract.platform} asks (docs/containers.md)`);
  if (contract?.model !== undefined) models.set(contract.defaultModel ?? "model", { places: [{ location: contract.model }] });
  const repository = given ?? contract?.repository;
  const pollSeconds = options["pollSeconds"] === undefined ? undefined : seconds(options, "pollSeconds", 0.1);
  if (pollSeconds !== undefined && repository === undefined) {
    throw invalid("serving.no_repository", "--poll-seconds looks at a model repository; give its folder with --model-repository.");
  }
  const unknownInputs =
    options["unknownInputs"] === undefined ? undefined : parseUnknownInputs(options["unknownInputs"], "--unknown-inputs", (where, what) => invalid("cli.usage", `${where} is wrong: ${what}`));
  const dialects = (options["peerMetrics"] ?? []) as string[];
  const unknown = dialects.find((name) => !peerMetrics.has(name));
  if (unknown !== undefined) throw invalid("serving.unknown_metrics", `--peer-metrics is "${unknown}"; it must be one of ${[...peerMetrics.keys()].join(", ")}.`);
  const port = readPort(options["port"] ?? contract?.port ?? 8080, "--port");
  const grpcText = (options["grpcPort"] as string | undefined) ?? contract?.grpcPort ?? "8081";
  const grpcPort = grpcText === "off" ? null : readPort(grpcText, "--grpc-port");
  const host = (options["host"] as string | undefined) ?? contract?.host ?? "127.0.0.1";
  const managementPort = options["managementPort"] === undefined ? undefined : readPort(options["managementPort"], "--management-port");
  const managementToken = (options["managementToken"] as string | undefined) ?? process.env["MILLRACE_MANAGEMENT_TOKEN"];
  if (managementToken === "") throw invalid("serving.bad_token", "The management token is empty; give one that nobody guesses, or none.");
  const defaultModel = (options["defaultModel"] as string | undefined) ?? contract?.defaultModel;
  const started = startGateway(
    {
      home: resolve(options["home"] as string),
      host,
      port,
      grpcPort,
      serverName: options["serverName"] as string,
      token: process.env["MILLRACE_GATEWAY_TOKEN"],
      version: packageVersion(),
      maxBodyBytes: (options["maxBodyMib"] as number) * 2 ** 20,
      peerMetrics: dialects,
      signatures: (options["tfSignature"] ?? []) as string[],
      corsOrigins: (options["corsOrigin"] ?? []) as string[],
      ...(defaultModel !== undefined && { defaultModel }),
      management: { ...(managementToken !== undefined && { token: managementToken }), ...(managementPort !== undefined && { port: managementPort }) },
      ...(contract?.multiModel && { multiModel: true }),
      ...(contract?.vertexRoutes && { vertexRoutes: contract.vertexRoutes }),
      drainSeconds: seconds(options, "drainSeconds", 0),
      shutdownDelaySeconds: seconds(options, "shutdownDelaySeconds", 0),
      ...(typeof options["memoryLimit"] === "string" && { memoryLimit: parseBytes(options["memoryLimit"], "--memory-limit") }),
      own: { models, anyPlace: options["allowAnyPlace"] === true, ...(repository !== undefined && { repository }), ...(contract?.places && { places: contract.places }), ...(pollSeconds !== undefined && { pollSeconds }), ...(unknownInputs && { unknownInputs }) },
      traceShare: traceShareIn(process.env),
      logPredictions: options["logPredictions"] === true,
      log: { fileRows: 10_000, seconds: 15, capacity: 200_000, capacityBytes: 256 * 2 ** 20 },
    },
    json ? createGatewayLog(say) : logForPeople(say),
  );
  const gateway = await started.catch((error: NodeJS.ErrnoException & { port?: number }) => {
    if (error.code !== "EADDRINUSE") throw error;
    const [taken, option] = error.port === grpcPort ? [grpcPort, "--grpc-port"] : error.port === managementPort ? [managementPort, "--management-port"] : [port, "--port"];
    throw conflict("serving.port_taken", `Port ${taken} on ${host} is taken by another program; stop it, or choose another with ${option} (0 takes any free one)`);
  });
  if (json) process.stdout.write(`${JSON.stringify({ url: urlOf(gateway), grpcPort: gateway.address.grpcPort, ...(gateway.address.managementPort !== undefined && { managementPort: gateway.address.managementPort }), pid: process.pid, home: resolve(options["home"] as string), models: gateway.repository.index() })}\n`);
  else say(welcome(gateway));
  if (!signal.aborted) await once(signal, "abort");
  await gateway.stop();
  return { data: { stopped: true }, text: "" };
};

function readPort(value: unknown, option: string): number {
  const text = String(value).trim();
  const port = text === "" ? Number.NaN : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw invalid("serving.bad_port", `${option} is "${text}"; it must be a port from 0 to 65535${option === "--grpc-port" ? ", or off" : ""}.`);
}

/** NAME=PLACE or NAME=PLACE@VERSION. */
function parseModel(spec: string): [name: string, model: ModelConfig] {
  const [, name, whole] = /^([^=]+)=(.+)$/.exec(spec) ?? [];
  if (name === undefined) {
    const guess = basename(spec).replace(/\.[a-z]+$/, "");
    throw invalid("serving.bad_model", `--model "${spec}" has no name; write NAME=PLACE, such as --model ${guess || "trips"}=${spec}.`);
  }
  // A file may have an @ in its name.
  const [, place, version] = existsSync(whole) ? [whole, whole] : /^(.+?)(?:@([A-Za-z0-9._-]+))?$/.exec(whole)!;
  const location = /^[a-z]+:\/\//.test(place) ? place : resolve(place);
  if (version === undefined) return [name, { places: [{ location }] }];
  // Of a folder of versions it says which one, of anything else what its version is called.
  return [name, { places: [{ location, version }], versions: { specific: [version] } }];
}

function seconds(options: Options, name: string, least: number): number {
  const value = Number(options[name]);
  if (value >= least && value <= 86_400) return value;
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw invalid("serving.bad_seconds", `--${flag} is "${String(options[name])}"; it must be a number of seconds from ${least} to 86400.`);
}

const logForPeople = (say: (line: string) => void): GatewayLog => ({
  info: (message) => say(colors.dim(message)),
  warn: (message) => say(colors.yellow(message)),
  error: (message) => say(colors.red(message)),
});

const urlOf = ({ address: { host, port } }: RunningGateway): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

const longestExample = 400;

/** What is served and how to try it. */
function welcome(gateway: RunningGateway): string {
  const index = gateway.repository.index();
  const rows = index.map(({ name, version, state, isDefault, location, reason }) => [name, version, state === "READY" ? (isDefault ? "ready, default" : "ready") : state.toLowerCase(), reason === "" ? location : reason]);
  const first = index.find(({ state, isDefault }) => state === "READY" && isDefault);
  // An example of hundreds of numbers is not for people to read.
  const example = first && JSON.stringify(exampleRow(gateway.inference.endpoint(first.name).main.held.model));
  const request = example !== undefined && example.length <= longestExample ? example : undefined;
  const url = urlOf(gateway);
  return [
    `${colors.bold("millrace gateway")} answers at ${url} after ${Math.round(performance.now())} ms: ${protocols.map(({ name }) => name).join(", ")}`,
    ...(gateway.address.grpcPort === null ? [] : [`gRPC on port ${gateway.address.grpcPort}: ${grpcServices.map(({ name }) => name).join(", ")}`]),
    ...(gateway.address.managementPort === undefined ? [] : [`models are managed on port ${gateway.address.managementPort}`]),
    table(["model", "version", "state", "from"], rows, "No model is loaded yet: give --model NAME=FILE or --model-repository DIR, or have a client load one."),
    ...(first && request ? ["Try it:", `  curl -s ${url}/predict/${encodeURIComponent(first.name)} -d '${request}'`, `or open ${url}/predict in a browser.`] : []),
    "Ctrl-C stops it when the requests that came in are answered.",
  ].join("\n");
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
