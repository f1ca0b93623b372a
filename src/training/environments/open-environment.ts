import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { hashOf } from "../../canonical-json.ts";
import { withoutDatabase } from "../../config.ts";
import { findPython } from "./find-python.ts";
import { aloneWith, madeEnvironment, touchEnvironment, type Making } from "./make-environment.ts";
import type { DeclaredEnvironment, PythonFacts, TrainedIn } from "./types.ts";

/** An environment that a command may run in. */
export interface OpenEnvironment {
  readonly trainedIn: TrainedIn;
  /** The absolute path of its interpreter. */
  readonly python: string;
  /** What makes a command find it; what is undefined is taken out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly close: () => void;
}

/** An environment that is used is marked so this often, ms: what has not been for an hour or more may be collected. */
const touchEvery = 600_000;

/**
 * Opens what `train.python` declares: makes it where it must be made, finds it where it is there, and says what is in it.
 *
 * @param root the folder of all environments of a home
 */
export async function openEnvironment(root: string, declared: DeclaredEnvironment, making: Omit<Making, "env">): Promise<OpenEnvironment> {
  const own = withoutDatabase(process.env);
  const base = await findPython(declared, own);
  const path = (folder: string): string => `${folder}${delimiter}${own["PATH"] ?? ""}`;
  if (declared.files.length > 0) {
    const { folder, ...trainedIn } = await madeEnvironment(root, declared, base, { ...making, env: own });
    const timer = setInterval(() => void touchEnvironment(folder), touchEvery).unref();
    return { trainedIn, python: join(folder, "bin", "python"), env: { ...aloneWith(folder), PATH: path(join(folder, "bin")) }, close: () => clearInterval(timer) };
  }
  const { version, platform, packages } = base;
  const before = declared.made;
  const trainedIn: TrainedIn = { digest: hashOf({ version, platform, packages }), version, platform, packages, installer: null };
  if (before && before.digest !== trainedIn.digest) making.print(`the Python of ${declared.declared} has changed since it trained before: ${differences(before, trainedIn)}\n`);
  return { trainedIn, python: base.executable, env: await foundVariables(base, path, making.workdir), close: () => undefined };
}

/** The variables of an environment that is there; of a Python that is in none, a folder with its two usual names. */
async function foundVariables(base: PythonFacts, path: (folder: string) => string, workdir: string): Promise<Record<string, string | undefined>> {
  const bin = join(base.prefix, "bin");
  if (base.virtual) return { PATH: path(bin), VIRTUAL_ENV: base.prefix, PYTHONHOME: undefined };
  if (existsSync(join(base.prefix, "conda-meta"))) return { PATH: path(bin), CONDA_PREFIX: base.prefix, PYTHONHOME: undefined };
  const names = join(workdir, "python");
  await mkdir(names, { recursive: true });
  for (const name of ["python", "python3"]) await symlink(base.executable, join(names, name)).catch((error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? undefined : Promise.reject(error)));
  return { PATH: path(names), VIRTUAL_ENV: undefined };
}

/** What differs between two environments, in words. */
function differences(before: TrainedIn, now: TrainedIn): string {
  const [old, fresh] = [new Set(before.packages), new Set(now.packages)];
  const words = [
    ...(before.version === now.version ? [] : [`Python ${before.version} is ${now.version} now`]),
    ...before.packages.filter((one) => !fresh.has(one)).map((one) => `without ${one}`),
    ...now.packages.filter((one) => !old.has(one)).map((one) => `with ${one}`),
  ];
  return words.length > 10 ? `${words.slice(0, 10).join(", ")} and ${words.length - 10} more` : words.join(", ");
}
