import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { hashOf } from "../../canonical-json.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../storage/blobs.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";
import { tryLock } from "../../storage/home-lock.ts";
import { layFiles } from "../recipes/lay-files.ts";
import { runCommand } from "../recipes/run-command.ts";
import { explainInstall } from "./explain-install.ts";
import { onPath, pythonFacts } from "./python-facts.ts";
import type { DeclaredEnvironment, PythonFacts, TrainedIn } from "./types.ts";

/** What the making of an environment has to do with its training. */
export interface Making {
  /** A folder for what is needed meanwhile; its content is removed afterwards. */
  readonly workdir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds; null: as long as it takes. */
  readonly timeout: number | null;
  readonly blobs: BlobStore;
  readonly print: (text: string) => void;
  readonly tell: (message: string) => void;
}

/** An environment as it lies in a home. */
export interface MadeEnvironment extends TrainedIn {
  readonly folder: string;
}

/** What stands in `made.json`, beside the folder that it names: written last, so what it names is whole. */
interface Note extends TrainedIn {
  readonly name: string;
}

const note = "made.json";
/** How often somebody else's making is looked at, ms. */
const lookEvery = 200;
/** So long an installer may take to end when it is asked to, ms. */
const grace = 2000;

/**
 * The environment of these files and this Python: the one that is there, or made now. Trainings at a time make it once. Each attempt has a folder of its own, since an
 * environment cannot be moved, and counts only when it is whole and named in `made.json`; what a crash leaves is removed by the next attempt.
 *
 * @param root the folder of all environments of a home
 * @throws what ended the installer (`explainInstall`), `training.tool_not_found`, `training.timeout`
 */
export async function madeEnvironment(root: string, declared: DeclaredEnvironment, base: PythonFacts, making: Making): Promise<MadeEnvironment> {
  const files = declared.files.map(({ path, sha256 }) => ({ path, sha256 }));
  const digest = hashOf({ kind: declared.kind, files, requires: declared.requires ?? null, python: base.version, implementation: base.implementation, platform: base.platform });
  const own = join(root, digest.slice(0, 32));
  await mkdir(own, { recursive: true, mode: 0o700 });
  const there = await usable(own, digest);
  if (there) return there;
  const lock = await lockOf(`${own}.lock`, making);
  try {
    const meanwhile = await usable(own, digest);
    if (meanwhile) return meanwhile;
    await removeAttempts(own);
    const name = randomBytes(4).toString("hex");
    const folder = join(own, name);
    try {
      const installer = await install(declared, base, folder, making);
      const facts = await pythonFacts(join(folder, "bin", "python"), { ...making.env, ...aloneWith(folder) });
      if (typeof facts === "string") throw new MillraceError("training.install_failed", 500, `The environment of train.python: ${declared.declared} was made, and its Python does not run: ${facts}`);
      const made: Note = { name, digest, version: facts.version, platform: facts.platform, packages: facts.packages, installer };
      await writeAtomically(own, note, JSON.stringify(made));
      making.print(`made the environment of ${declared.declared}: Python ${made.version}, ${made.packages.length} packages\n`);
      return environmentOf(own, made);
    } catch (error) {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  } finally {
    lock.close();
  }
}

/** An environment that is whole and whose Python is still there; it is marked as used now. */
async function usable(own: string, digest: string): Promise<MadeEnvironment | undefined> {
  const text = await readFile(join(own, note), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const made = JSON.parse(text) as Note;
  // Its Python is a link to that which it was made from, which may have gone.
  if (made.digest !== digest || !existsSync(join(own, made.name, "bin", "python"))) return undefined;
  await touchEnvironment(join(own, made.name));
  return environmentOf(own, made);
}

const environmentOf = (own: string, { name, ...made }: Note): MadeEnvironment => ({ ...made, folder: join(own, name) });

/** What makes a Python see the packages of its environment and no others, whatever the server's own environment says; its list is then whole. */
export const aloneWith = (folder: string): Record<string, string | undefined> => ({ VIRTUAL_ENV: folder, PYTHONHOME: undefined, PYTHONPATH: undefined, PYTHONNOUSERSITE: "1" });

/** Marks an environment as in use now, by which one is told that nobody needs any more. */
export async function touchEnvironment(folder: string): Promise<void> {
  const now = new Date();
  await utimes(join(dirname(folder), note), now, now).catch(() => undefined);
}

/** Waits for the one who makes it. The lock is the system's: it is free when its holder is gone, however it went. */
async function lockOf(path: string, { timeout, tell }: Making): Promise<{ close: () => void }> {
  const from = performance.now();
  for (let waits = 0; ; waits++) {
    const lock = tryLock(path);
    if (lock) return lock;
    if (waits === 0) tell("waiting for another training that makes the same environment");
    if (timeout !== null && performance.now() - from > timeout) throw new MillraceError("training.timeout", 504, "Another training was making the same environment for longer than train.timeout gives this one");
    await new Promise((resolve) => setTimeout(resolve, lookEvery));
  }
}

/** Removes all attempts. What still writes there is ending; what it leaves the next one removes. */
async function removeAttempts(own: string): Promise<void> {
  for (const one of await readdir(own)) {
    if ((await stat(join(own, one)).catch(() => undefined))?.isDirectory()) await rm(join(own, one), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
  await rm(join(own, note), { force: true });
}

async function install(declared: DeclaredEnvironment, base: PythonFacts, folder: string, making: Making): Promise<"uv" | "pip"> {
  const { workdir, env, timeout, blobs, print, tell } = making;
  const uv = await onPath("uv", env["PATH"]);
  if (declared.kind === "uv.lock" && uv === undefined) throw new MillraceError("training.tool_not_found", 400, `train.python: ${declared.declared} is read by uv, and there is no uv on the PATH of the server. Install it (https://docs.astral.sh/uv, or pip install uv), or name a requirements.txt: uv export --frozen --no-emit-project -o requirements.txt`);
  const sources = await mkdtemp(join(workdir, "environment-"));
  let list = "";
  await layFiles(declared.files, sources, blobs, (path) => `the file ${path} of the environment`);
  for (const { path } of declared.files) if (path.endsWith(".txt")) list += await readFile(join(sources, path), "utf8");
  const python = join(folder, "bin", "python");
  const entry = declared.files[0].path;
  const constraints = await constraintsOf(declared, base, list, sources, print);
  const commands =
    uv === undefined
      ? [[base.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-r", entry, ...constraints]]
      : declared.kind === "uv.lock"
        ? [[uv, "sync", "--locked", "--no-install-project", "--no-dev", "--no-progress", "--python", base.executable]]
        : [[uv, "venv", "--no-project", "--no-progress", "--python", base.executable, folder], [uv, "pip", "install", "--no-progress", "--python", python, "-r", entry, ...constraints]];
  tell(`making the environment of ${declared.declared}`);
  for (const command of commands) {
    const line = command.map(quoted).join(" ");
    print(`$ ${command.join(" ")}\n`);
    // Where pip does not retry it keeps to itself that it reached no index, and says that there is no such package.
    const end = await runCommand({
      command: `exec ${line}`,
      folder: sources,
      env: { ...env, ...aloneWith(folder), UV_PROJECT_ENVIRONMENT: folder, PIP_USER: undefined, PIP_TARGET: undefined, PIP_PREFIX: undefined, ...(env["PIP_RETRIES"] === "0" && { PIP_RETRIES: "1" }) },
      timeout,
      grace,
      print,
      onLine: (said) => tell(`environment: ${said}`),
    });
    const wrong = explainInstall(declared.declared, command.join(" "), end, timeout);
    if (wrong) throw wrong;
  }
  return uv === undefined ? "pip" : "uv";
}

/** The versions that a model was trained with, where its environment must be made again: the same text would bring what is newest now. */
async function constraintsOf({ kind, made }: DeclaredEnvironment, base: PythonFacts, list: string, sources: string, print: (text: string) => void): Promise<string[]> {
  // A lock names its versions itself, and beside hashes pip takes no others.
  if (made === undefined || kind === "uv.lock" || list.includes("--hash")) return [];
  if (made.version !== base.version || made.platform !== base.platform) {
    print(`this environment was Python ${made.version} on ${made.platform}, which is not here; it is made of Python ${base.version} on ${base.platform}, with the versions of packages that are newest for it\n`);
    return [];
  }
  await writeFile(join(sources, "millrace-constraints.txt"), `${made.packages.join("\n")}\n`);
  return ["-c", "millrace-constraints.txt"];
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
