import { join, resolve } from "node:path";
import { parseDuration } from "./clock.ts";
import { invalid } from "./errors.ts";

/** The settings of one running Millrace: command line first, then environment, then these defaults. */
export interface Settings {
  /** Where everything is kept. */
  readonly home: string;
  /** The PostgreSQL database of the metadata, `postgres://user:password@host:port/name`; null keeps them in the home folder (SQLite). */
  readonly database: string | null;
  /** The folder of the artifacts; servers that share a database share it, too. */
  readonly artifacts: string;
  readonly host: string;
  /** Port of the API and the pages (MLflow's by default); 0 takes any free one. */
  readonly port: number;
  /** Port of the gateway's REST protocols; 0 takes any free one. */
  readonly gatewayPort: number;
  readonly logLevel: string;
  /** Under which URI clients keep artifacts: `mlflow-artifacts:` (they send them to this server), or a place they reach themselves. */
  readonly artifactRoot: string;
  /** The interpreter that runs the Python models which are deployed, or null: then none may be, as they run the code of whoever logged them. */
  readonly python: string | null;
  /** What the gateway's models may take of memory together, such as 2GiB; no limit when null. */
  readonly memoryLimit: string | null;
  /** How many worker processes may run steps side by side. */
  readonly workers: number;
  /** The hosts that webhooks may reach although their addresses are not public: names, `*.corp.example`, addresses. */
  readonly webhookAllow: readonly string[];
  /** The names that the server may be called besides its own (behind a proxy, say): names, `*.corp.example`. */
  readonly allowedHosts: readonly string[];
  /** Whether MLflow's clients are told to move large artifacts in parts, side by side, over further connections to this server. */
  readonly parallelTransfers: boolean;
  /** Where the server backs its home up to by itself, how often (ms), and which backups it keeps (as `millrace backup --keep`); null: it does not. */
  readonly backup: { readonly target: string; readonly everyMs: number; readonly keep: string } | null;
}

export interface SettingsInput {
  readonly home?: string | undefined;
  readonly database?: string | undefined;
  readonly artifacts?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly gatewayPort?: number | undefined;
  readonly logLevel?: string | undefined;
  readonly artifactRoot?: string | undefined;
  readonly python?: string | undefined;
  readonly memoryLimit?: string | undefined;
  readonly workers?: number | undefined;
  readonly backup?: string | undefined;
  readonly backupEvery?: string | undefined;
  readonly backupKeep?: string | undefined;
}

/** Ports that browsers, and Node's fetch, never connect to (WHATWG Fetch standard, "port blocking"). */
const blockedPorts = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123,
  135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995,
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Completes what was given with the environment (`MILLRACE_HOME`, `MILLRACE_PORT` …) and the defaults. */
export function resolveSettings(input: SettingsInput, env: Readonly<Record<string, string | undefined>>): Settings {
  const port = (name: string, given: number | undefined, variable: string, fallback: number): number => {
    const value = given ?? (env[variable] === undefined ? fallback : env[variable].trim() === "" ? Number.NaN : Number(env[variable]));
    if (Number.isInteger(value) && value >= 0 && value <= 65_535 && !blockedPorts.has(value)) return value;
    if (blockedPorts.has(value)) {
      throw invalid("config.blocked_port", `${given === undefined ? variable : name} is ${value}, a port that browsers and fetch() refuse to speak to; choose another`);
    }
    throw invalid("config.bad_port", `${given === undefined ? variable : name} must be a whole number from 0 to 65535, got ${JSON.stringify(given ?? env[variable])}`);
  };
  const logLevel = input.logLevel ?? env["MILLRACE_LOG_LEVEL"] ?? "warn";
  if (!logLevels.includes(logLevel)) {
    throw invalid("config.bad_log_level", `The log level must be one of ${logLevels.join(", ")}, got ${JSON.stringify(logLevel)}`);
  }
  const home = resolve(input.home ?? env["MILLRACE_HOME"] ?? ".millrace");
  const artifacts = input.artifacts ?? env["MILLRACE_ARTIFACTS"];
  return {
    home,
    database: databaseOf(input, env),
    artifacts: artifacts === undefined || artifacts === "" ? join(home, "artifacts") : resolve(artifacts),
    host: input.host ?? env["MILLRACE_HOST"] ?? "127.0.0.1",
    port: port("--port", input.port, "MILLRACE_PORT", 5000),
    gatewayPort: port("--gateway-port", input.gatewayPort, "MILLRACE_GATEWAY_PORT", 8080),
    logLevel,
    artifactRoot: checkRoot(input.artifactRoot ?? env["MILLRACE_ARTIFACT_ROOT"] ?? "mlflow-artifacts:"),
    python: (input.python ?? env["MILLRACE_PYTHON"]) || null,
    memoryLimit: (input.memoryLimit ?? env["MILLRACE_MEMORY_LIMIT"]) || null,
    workers: input.workers ?? 2,
    webhookAllow: hostsOf("MILLRACE_WEBHOOK_ALLOW", env),
    allowedHosts: hostsOf("MILLRACE_ALLOWED_HOSTS", env),
    parallelTransfers: switchOf("MILLRACE_PARALLEL_TRANSFERS", env),
    backup: backupOf(input, env),
  };
}

/** `localhost, *.corp.example, 10.1.2.3`: hosts as they stand in a URL, without port. */
function hostsOf(variable: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const hosts = (env[variable] ?? "").split(",").map((host) => host.trim().toLowerCase().replace(/^\[|\]$/g, "")).filter((host) => host !== "");
  const wrong = hosts.find((host) => !/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/.test(host));
  if (wrong === undefined) return hosts;
  throw invalid("config.bad_hosts", `${variable} lists hosts, as in localhost,*.corp.example,10.1.2.3; ${JSON.stringify(wrong)} is none`);
}

/** The least time between two backups that a server makes by itself: a shorter one would do little else. */
const leastBackupMs = 60_000;

function backupOf(input: SettingsInput, env: Readonly<Record<string, string | undefined>>): Settings["backup"] {
  const target = (input.backup ?? env["MILLRACE_BACKUP"]) || undefined;
  const every = (input.backupEvery ?? env["MILLRACE_BACKUP_EVERY"]) || "24h";
  const everyMs = parseDuration(every);
  if (everyMs === undefined || everyMs < leastBackupMs) throw invalid("config.bad_backup", `--backup-every (MILLRACE_BACKUP_EVERY) must be a duration of at least a minute, such as 24h or 15m, got ${JSON.stringify(every)}`);
  if (target === undefined) return null;
  if (target.endsWith(".tar")) throw invalid("config.bad_backup", `--backup (MILLRACE_BACKUP) must be a folder, which holds many backups; ${target} would be a file, which holds one`);
  return { target: resolve(target), everyMs, keep: (input.backupKeep ?? env["MILLRACE_BACKUP_KEEP"]) || "last=3,daily=7,weekly=4" };
}

/** `true` or `false`; false when it is not set. */
function switchOf(variable: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const value = (env[variable] ?? "").trim().toLowerCase();
  if (["true", "1"].includes(value)) return true;
  if (["", "false", "0"].includes(value)) return false;
  throw invalid("config.bad_switch", `${variable} must be true or false, got ${JSON.stringify(env[variable])}`);
}

function checkRoot(root: string): string {
  if (/^mlflow-artifacts:$|^file:\/\/\/.|^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(root)) return root.replace(/(?<=[^/:])\/+$/, "");
  throw invalid("config.bad_artifact_root", `The artifact root must be a URI: mlflow-artifacts: (the default), file:///a/folder, s3://bucket/folder …; got ${JSON.stringify(root)}`);
}

/** The address of the PostgreSQL database, checked as far as can be without asking it; its password may be in it and is never repeated. */
function databaseOf(input: SettingsInput, env: Readonly<Record<string, string | undefined>>): string | null {
  const given = input.database ?? env["MILLRACE_DATABASE"];
  if (given === undefined || given === "") return null;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const wrong = !url ? "is no URL (marks in a password are written in percent code: @ is %40, / is %2F)"
    : !/^postgres(ql)?:$/.test(url.protocol) ? `begins with ${url.protocol}//`
    : url.pathname.length < 2 ? "names no database"
    : undefined;
  if (wrong === undefined) return given;
  throw invalid("config.bad_database", `${input.database === undefined ? "MILLRACE_DATABASE" : "--database"} ${wrong}; it must read postgres://user:password@host:port/name`);
}

/** An environment for the processes that compute or serve: they need no database, so they get neither its address nor its password, nor what is called `MILLRACE_SECRET_…`. */
export function withoutDatabase(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const { MILLRACE_DATABASE: _address, PGPASSWORD: _password, ...rest } = env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("MILLRACE_SECRET_")));
}
