import { resolve } from "node:path";
import { invalid } from "./errors.ts";

/** The settings of one running Millrace: command line first, then environment, then these defaults. */
export interface Settings {
  /** Where everything is kept. */
  readonly home: string;
  readonly host: string;
  /** Port of the API and the pages (MLflow's by default); 0 takes any free one. */
  readonly port: number;
  /** Port of the gateway's REST protocols; 0 takes any free one. */
  readonly gatewayPort: number;
  readonly logLevel: string;
  /** How many worker processes may run steps side by side. */
  readonly workers: number;
}

export interface SettingsInput {
  readonly home?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly gatewayPort?: number | undefined;
  readonly logLevel?: string | undefined;
  readonly workers?: number | undefined;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Completes what was given with the environment (`MILLRACE_HOME`, `MILLRACE_PORT` …) and the defaults. */
export function resolveSettings(input: SettingsInput, env: Readonly<Record<string, string | undefined>>): Settings {
  const port = (name: string, given: number | undefined, variable: string, fallback: number): number => {
    const value = given ?? (env[variable] === undefined ? fallback : Number(env[variable]));
    if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
    throw invalid("config.bad_port", `${name} must be a whole number from 0 to 65535, got ${String(given ?? env[variable])}`);
  };
  const logLevel = input.logLevel ?? env["MILLRACE_LOG_LEVEL"] ?? "warn";
  if (!logLevels.includes(logLevel)) {
    throw invalid("config.bad_log_level", `The log level must be one of ${logLevels.join(", ")}, got ${JSON.stringify(logLevel)}`);
  }
  return {
    home: resolve(input.home ?? env["MILLRACE_HOME"] ?? ".millrace"),
    host: input.host ?? env["MILLRACE_HOST"] ?? "127.0.0.1",
    port: port("--port", input.port, "MILLRACE_PORT", 5000),
    gatewayPort: port("--gateway-port", input.gatewayPort, "MILLRACE_GATEWAY_PORT", 8080),
    logLevel,
    workers: input.workers ?? 2,
  };
}
