import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeError } from "../../errors.ts";
import { parseBytes } from "./config/bytes.ts";
import { outliveReaders } from "./closed-output.ts";
import { createGatewayLog } from "./gateway-log.ts";
import { startGateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway.ts";
import { traceShareIn } from "./metrics/prediction-span.ts";
import { peerMetrics } from "./metrics/peer-metrics.ts";

const usage = `Usage: node src/serving/gateway/main.ts --home DIR [options]
  --home DIR            folder with gateway/config.json; predictions/ and run/gateway.json are written there
  --host ADDRESS        address to listen on (127.0.0.1)
  --port NUMBER         port to listen on, 0 for any (8080)
  --grpc-port NUMBER    port for gRPC, 0 for any, "off" for none (8081)
  --server-name NAME    what the server calls itself to clients of the Open Inference Protocol (millrace)
  --max-body-mib N      largest request body or gRPC message (64)
  --cors-origin ORIGIN  web pages of this origin may call, "*" for any; may be given more than once (none)
  --peer-metrics NAME   metrics under the names of triton, tensorflow-serving, torchserve or mlserver, too; may be given
                        more than once (none)
  --default-model NAME  answers where a protocol names no model (the only one)
  --tf-signature NAME   another name than serving_default by which clients of TensorFlow Serving may ask for a model's
                        signature; may be given more than once (none)
  --drain-seconds S     longest time requests may take to end after a stop (30)
  --shutdown-delay-seconds S  time to go on answering after a stop, not ready, until load balancers know (0)
  --memory-limit SIZE   memory that models may take together, such as 2GiB (unlimited)
  --log-predictions on|off  whether predictions are logged (on)
  --log-rows N          rows per file of the prediction log (10000)
  --log-seconds S       longest time a row waits for its file (15)
  --log-capacity N      rows held in memory at most (200000)
  --log-capacity-mib N  memory for them at most (256)
Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says. The token for /_millrace is taken from MILLRACE_GATEWAY_TOKEN, or made at random.
`;

/** Reads the command line; fails with a sentence that says which option is wrong. */
function readOptions(args: readonly string[]): GatewayOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      home: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
      "grpc-port": { type: "string", default: "8081" },
      "server-name": { type: "string", default: "millrace" },
      "max-body-mib": { type: "string", default: "64" },
      "peer-metrics": { type: "string", multiple: true, default: [] },
      "cors-origin": { type: "string", multiple: true, default: [] },
      "default-model": { type: "string" },
      "tf-signature": { type: "string", multiple: true, default: [] },
      "drain-seconds": { type: "string", default: "30" },
      "shutdown-delay-seconds": { type: "string", default: "0" },
      "memory-limit": { type: "string" },
      "log-predictions": { type: "string", default: "on" },
      "log-rows": { type: "string", default: "10000" },
      "log-seconds": { type: "string", default: "15" },
      "log-capacity": { type: "string", default: "200000" },
      "log-capacity-mib": { type: "string", default: "256" },
    },
  });
  const number = (name: Exclude<keyof typeof values, "home" | "host" | "server-name" | "cors-origin" | "peer-metrics" | "memory-limit" | "default-model" | "tf-signature" | "log-predictions">, least: number, most: number) => {
    const value = Number(values[name]);
    if (values[name].trim() !== "" && value >= least && value <= most) return value;
    throw new Error(`--${name} is "${values[name]}"; it must be a number from ${least} to ${most}.`);
  };
  if (values.home === undefined) throw new Error("--home is missing.");
  if (!["on", "off"].includes(values["log-predictions"])) throw new Error(`--log-predictions is "${values["log-predictions"]}"; it must be on or off.`);
  const unknown = values["peer-metrics"].find((name) => !peerMetrics.has(name));
  if (unknown !== undefined) throw new Error(`--peer-metrics is "${unknown}"; it must be one of ${[...peerMetrics.keys()].join(", ")}.`);
  return {
    home: values.home,
    host: values.host,
    port: Math.trunc(number("port", 0, 65_535)),
    grpcPort: values["grpc-port"] === "off" ? null : Math.trunc(number("grpc-port", 0, 65_535)),
    serverName: values["server-name"],
    token: process.env["MILLRACE_GATEWAY_TOKEN"],
    version: packageVersion(),
    maxBodyBytes: number("max-body-mib", 0.001, 1024) * 2 ** 20,
    peerMetrics: values["peer-metrics"],
    corsOrigins: values["cors-origin"],
    defaultModel: values["default-model"],
    signatures: values["tf-signature"],
    drainSeconds: number("drain-seconds", 0, 3600),
    shutdownDelaySeconds: number("shutdown-delay-seconds", 0, 3600),
    ...(values["memory-limit"] !== undefined && { memoryLimit: parseBytes(values["memory-limit"], "--memory-limit") }),
    logPredictions: values["log-predictions"] === "on",
    traceShare: traceShareIn(process.env),
    log: {
      fileRows: number("log-rows", 1, 1_000_000),
      seconds: number("log-seconds", 0.1, 86_400),
      capacity: number("log-capacity", 1, 100_000_000),
      capacityBytes: number("log-capacity-mib", 0.001, 65_536) * 2 ** 20,
    },
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function main(): Promise<void> {
  outliveReaders();
  const log = createGatewayLog((line) => process.stderr.write(line));
  let options: GatewayOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  try {
    const gateway = await startGateway(options, log);
    const stop = () =>
      void gateway.stop().catch((error: unknown) => {
        log.error(`not stopped cleanly: ${describeError(error)}`);
        process.exitCode = 1;
      });
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
    // Whoever reads this may stop it at once.
    const { host, port, grpcPort, pid } = gateway.address;
    const grpc = grpcPort === null ? "" : `, gRPC on ${host}:${grpcPort}`;
    process.stdout.write(`millrace gateway listening on http://${host}:${port}${grpc} (pid ${pid})\n`);
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number };
    const option = port === options.grpcPort ? "--grpc-port" : "--port";
    process.stderr.write(
      code === "EADDRINUSE"
        ? `Port ${port} on ${options.host} is taken by another program; stop that one or choose another with ${option}.\n`
        : `The gateway cannot start: ${describeError(error)}\n`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
