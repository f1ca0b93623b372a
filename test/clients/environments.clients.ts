import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openFolderBlobs } from "../../src/storage/folder-blobs.ts";
import { collectEnvironments } from "../../src/training/environments/collect-environments.ts";
import { declareEnvironment } from "../../src/training/environments/declare-environment.ts";
import { openEnvironment } from "../../src/training/environments/open-environment.ts";
import type { DeclaredEnvironment } from "../../src/training/environments/types.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

/** A wheel as any tool would make it, by Python's own zip: a module that says its version. */
async function wheel(folder: string, version: string, needs = ""): Promise<void> {
  await mkdir(folder, { recursive: true });
  const meta = `tinytool-${version}.dist-info`;
  const files = { "tinytool.py": `version = "${version}"\n`, [`${meta}/METADATA`]: `Metadata-Version: 2.1\nName: tinytool\nVersion: ${version}\n${needs}`, [`${meta}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n", [`${meta}/RECORD`]: `tinytool.py,,\n${meta}/METADATA,,\n${meta}/WHEEL,,\n${meta}/RECORD,,\n` };
  await run("python3", ["-c", "import json,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],'w') as z:\n  for name, text in json.loads(sys.argv[2]).items(): z.writestr(name, text)", join(folder, `tinytool-${version}-py3-none-any.whl`), JSON.stringify(files)]);
}

/** A project's folder with its home, whose environments are made of wheels of its own: no network. */
async function world(list = "--no-index\n--find-links wheels\ntinytool\n") {
  const folder = await temporaryFolder();
  const [project, home, workdir] = ["project", "home", "work"].map((name) => join(folder, name));
  await wheel(join(project, "wheels"), "1.2");
  await mkdir(workdir);
  await writeFile(join(project, "requirements.txt"), list);
  const blobs = openFolderBlobs(join(folder, "artifacts"));
  const root = join(home, "kept", "environments");
  const printed: string[] = [];
  const told: string[] = [];
  const open = (declared: DeclaredEnvironment, timeout: number | null = null) => openEnvironment(root, declared, { workdir, timeout, blobs, print: (text) => printed.push(text), tell: (message) => told.push(message) });
  const declare = (name = "requirements.txt") => declareEnvironment(name, project, blobs);
  return { folder, project, home, root, printed, told, open, declare };
}

const versionSeen = async (env: Readonly<Record<string, string | undefined>>): Promise<string> => (await run("/bin/sh", ["-c", "python -c 'import tinytool, sys; print(tinytool.version, sys.prefix)'"], { env: { ...process.env, ...env } })).stdout.trim();

test("an environment is made once, also by trainings at a time; made again it has the versions that a model was trained with", async () => {
  const { project, root, printed, told, open, declare } = await world();
  const declared = await declare();
  const [one, other] = await Promise.all([open(declared), open(declared)]);
  expect(one.trainedIn).toEqual(other.trainedIn);
  expect(one.trainedIn.packages).toContain("tinytool==1.2");
  expect(one.trainedIn.installer).toMatch(/^(pip|uv)$/);
  expect(await versionSeen(one.env)).toBe(`1.2 ${one.env["VIRTUAL_ENV"]}`);
  expect(printed.filter((text) => text.startsWith("made the environment"))).toHaveLength(1);
  expect(told).toContain("waiting for another training that makes the same environment");

  // A newer version is there: the text brings that, what a model was trained with stays what it was.
  await wheel(join(project, "wheels"), "2.0");
  const fresh = await declare();
  expect((await open(fresh)).trainedIn.packages).toContain("tinytool==2.0");
  await rm(root, { recursive: true });
  expect((await open({ ...fresh, made: one.trainedIn })).trainedIn.packages).toContain("tinytool==1.2");
});

test("a making that is cut off leaves nothing that is used", async () => {
  const { root, open, declare, project } = await world();
  const declared = await declare();
  const program = fileURLToPath(new URL("fixtures/make-environment.ts", import.meta.url));
  const child = spawn(process.execPath, [program, project, root, join(root, "..")], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await exited;
  const [own] = (await readdir(root)).filter((name) => !name.endsWith(".lock"));
  expect(await readdir(join(root, own))).not.toContain("made.json");
  expect(await versionSeen((await open(declared)).env)).toMatch(/^1\.2 /);
});

test("each way in which it cannot be made is said, and leaves nothing", async () => {
  for (const [list, code] of [
    ["--no-index\n--find-links wheels\nno-such-package-of-anybody\n", "training.package_not_found"],
    ["--no-index\n--find-links wheels\ntinytool==7\n", "training.package_not_found"],
    ["--no-index\n--find-links wheels\ntinytool==1.2\ntinytool==1.3\n", "training.version_conflict"],
    ["--index-url http://127.0.0.1:9/simple\nno-such-package-of-anybody\n", "training.no_network"],
  ] as const) {
    const { root, open, declare } = await world(list);
    process.env["PIP_RETRIES"] = "0";
    await expect(open(await declare()), list).rejects.toMatchObject({ code });
    delete process.env["PIP_RETRIES"];
    const [own] = (await readdir(root)).filter((name) => !name.endsWith(".lock"));
    expect(await readdir(join(root, own))).toEqual([]);
  }
  const { open, declare } = await world();
  await expect(open(await declare(), 1)).rejects.toMatchObject({ code: "training.timeout" });
});

test("what is there is used as it is and told; a lock needs uv", async () => {
  const { project, open, declare, printed } = await world();
  await run("python3", ["-m", "venv", join(project, ".venv")]);
  const own = await open(await declare(".venv"));
  expect(own.env).toMatchObject({ VIRTUAL_ENV: join(project, ".venv") });
  expect(own.trainedIn).toMatchObject({ installer: null, packages: expect.arrayContaining([expect.stringMatching(/^pip==/)]) as string[] });
  await open({ ...(await declare(".venv")), made: { ...own.trainedIn, digest: "other", packages: ["gone==1"] } });
  expect(printed.join("")).toMatch(/has changed since it trained before: without gone==1, with pip==/);
  const local = await open(await declare("local"));
  expect((await run("/bin/sh", ["-c", "python -c 'import platform; print(platform.python_version())'"], { env: { ...process.env, ...local.env } })).stdout.trim()).toBe(local.trainedIn.version);
});

test("uv makes what its lock says", async () => {
  const uv = join(await pythonWith("uv", ["uv"]), "..");
  const { project, open, declare } = await world();
  await writeFile(join(project, "pyproject.toml"), '[project]\nname = "ours"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["tinytool"]\n[tool.uv]\nno-index = true\nfind-links = ["wheels"]\n');
  const path = process.env["PATH"];
  process.env["PATH"] = `${uv}:${path}`;
  try {
    await run("uv", ["lock"], { cwd: project });
    expect(await readFile(join(project, "uv.lock"), "utf8")).toContain("tinytool");
    const made = await open(await declare());
    expect(made.trainedIn).toMatchObject({ installer: "uv", packages: expect.arrayContaining(["tinytool==1.2"]) as string[] });
  } finally {
    process.env["PATH"] = path;
  }
});

test("garbage: those of no version that were not used since, never those of versions that are there", async () => {
  const { home, open, declare } = await world();
  const { trainedIn, env, close } = await open(await declare());
  close();
  const later = { before: Date.now() + 1000, dryRun: false };
  expect(await collectEnvironments(home, new Set([trainedIn.digest]), later)).toEqual({ count: 0, bytes: 0 });
  expect(await collectEnvironments(home, new Set(), { ...later, before: Date.now() - 60_000 })).toEqual({ count: 0, bytes: 0 });
  expect(await collectEnvironments(home, new Set(), { ...later, dryRun: true })).toMatchObject({ count: 1 });
  expect(await versionSeen(env)).toMatch(/^1\.2/);
  expect(await collectEnvironments(home, new Set(), later)).toMatchObject({ count: 1 });
  await expect(readdir(env["VIRTUAL_ENV"]!)).rejects.toMatchObject({ code: "ENOENT" });
});
