import { resolve } from "node:path";
import { expect, test } from "vitest";
import { resolveSettings, withoutDatabase, type SettingsInput } from "./config.ts";

test("without anything the defaults hold", () => {
  expect(resolveSettings({}, {})).toEqual({ home: resolve(".millrace"), database: null, artifacts: resolve(".millrace/artifacts"), host: "127.0.0.1", port: 5000, gatewayPort: 8080, logLevel: "warn", artifactRoot: "mlflow-artifacts:", python: null, memoryLimit: null, workers: 2, webhookAllow: [], allowedHosts: [], parallelTransfers: false, backup: null });
});

test.each([["true", true], ["1", true], ["TRUE", true], ["false", false], ["0", false], ["", false]])("MILLRACE_PARALLEL_TRANSFERS=%s", (text, expected) => {
  expect(resolveSettings({}, { MILLRACE_PARALLEL_TRANSFERS: text }).parallelTransfers).toBe(expected);
});

test.each(["yes", "on", "2"])("MILLRACE_PARALLEL_TRANSFERS=%s is refused", (text) => {
  expect(() => resolveSettings({}, { MILLRACE_PARALLEL_TRANSFERS: text })).toThrow(/must be true or false/);
});

test("a server backs its home up by itself where it is told to", () => {
  expect(resolveSettings({}, { MILLRACE_BACKUP: "/mnt/mill" }).backup).toEqual({ target: "/mnt/mill", everyMs: 86_400_000, keep: "last=3,daily=7,weekly=4" });
  expect(resolveSettings({ backup: "/mnt/other", backupEvery: "15m", backupKeep: "within=2d" }, { MILLRACE_BACKUP: "/mnt/mill", MILLRACE_BACKUP_EVERY: "1d" }).backup).toEqual({ target: "/mnt/other", everyMs: 900_000, keep: "within=2d" });
  for (const every of ["10s", "often", "0h"]) expect(() => resolveSettings({ backup: "/mnt/mill", backupEvery: every }, {})).toThrow(/must be a duration of at least a minute/);
  expect(() => resolveSettings({ backup: "mill.tar" }, {})).toThrow(/must be a folder/);
});

test("the command line comes before the environment, the environment before the defaults", () => {
  const env = { MILLRACE_HOME: "/srv/mill", MILLRACE_PORT: "7010", MILLRACE_GATEWAY_PORT: "0", MILLRACE_HOST: "::1", MILLRACE_LOG_LEVEL: "debug" };
  expect(resolveSettings({}, env)).toMatchObject({ home: "/srv/mill", port: 7010, gatewayPort: 0, host: "::1", logLevel: "debug" });
  expect(resolveSettings({ home: "/tmp/x", port: 7000, gatewayPort: 7001, host: "0.0.0.0", logLevel: "info" }, env)).toMatchObject({
    home: "/tmp/x", port: 7000, gatewayPort: 7001, host: "0.0.0.0", logLevel: "info",
  });
  expect(resolveSettings({ port: 0 }, env).port).toBe(0);
  const shared = { MILLRACE_DATABASE: "postgres://me@one/x", MILLRACE_ARTIFACTS: "/srv/artifacts" };
  expect(resolveSettings({}, shared)).toMatchObject({ database: "postgres://me@one/x", artifacts: "/srv/artifacts" });
  expect(resolveSettings({ database: "postgresql:///y?host=/run", artifacts: "/tmp/a" }, shared)).toMatchObject({ database: "postgresql:///y?host=/run", artifacts: "/tmp/a" });
  expect(resolveSettings({}, { MILLRACE_DATABASE: "", MILLRACE_ARTIFACTS: "" })).toMatchObject({ database: null, artifacts: resolve(".millrace/artifacts") });
});

test.each<[SettingsInput, Record<string, string>, string, RegExp]>([
  [{ port: 70_000 }, {}, "config.bad_port", /^--port must be a whole number from 0 to 65535, got 70000$/],
  [{ port: -1 }, {}, "config.bad_port", /--port/],
  [{ gatewayPort: 1.5 }, {}, "config.bad_port", /--gateway-port/],
  [{}, { MILLRACE_PORT: "http" }, "config.bad_port", /^MILLRACE_PORT must be a whole number from 0 to 65535, got "http"$/],
  [{}, { MILLRACE_PORT: "" }, "config.bad_port", /MILLRACE_PORT .* got ""/],
  [{ port: 6000 }, {}, "config.blocked_port", /browsers/],
  [{ database: "mysql://me:hidden@one/x" }, {}, "config.bad_database", /^--database begins with mysql:\/\/; it must read postgres:\/\/user:password@host:port\/name$/],
  [{}, { MILLRACE_DATABASE: "one/x" }, "config.bad_database", /^MILLRACE_DATABASE is no URL/],
  [{}, { MILLRACE_DATABASE: "postgres://me@one" }, "config.bad_database", /names no database/],
  [{}, { MILLRACE_LOG_LEVEL: "loud" }, "config.bad_log_level", /one of trace, .*, got "loud"/],
])("%j with %j is refused", (input, env, code, message) => {
  expect(() => resolveSettings(input, env)).toThrow(expect.objectContaining({ code, status: 400, message: expect.stringMatching(message) as string }) as Error);
});

test("processes that need no database get no way to it", () => {
  expect(withoutDatabase({ PATH: "/bin", MILLRACE_DATABASE: "postgres://me:hidden@one/x", PGPASSWORD: "hidden", MILLRACE_SECRET_HOOK: "hidden" })).toEqual({ PATH: "/bin" });
});
