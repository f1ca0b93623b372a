import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeError, invalid } from "../../../errors.ts";
import type { ModelPlace, VersionPolicy } from "../config/models-file.ts";
import { runtimeFor } from "../runtimes/runtimes.ts";

/** A version of a model and the file, folder or URL that holds it. */
export interface FoundVersion {
  readonly version: string;
  readonly location: string;
  /** When it was changed last, in milliseconds since 1970; 0 for a URL. */
  readonly modified: number;
}

/** The version of a model that says none. */
const onlyVersion = "1";

/**
 * The versions at a model's place, in rising order: a URL, a file or a model's folder is one; a folder with numbered
 * folders is one for each (`1/model.onnx`, as Triton and TensorFlow Serving lay out their repositories).
 */
export async function findVersions({ location, version = onlyVersion }: ModelPlace, runtime: string | undefined): Promise<FoundVersion[]> {
  if (/^https?:\/\//.test(location) && runtime === undefined && !/\/v[12]\/models\/[^/]+/.test(location)) {
    throw invalid(
      "serving.model_url",
      `${location} is no URL of a model on a model server (…/v2/models/NAME); a file must be fetched first, and its path given.`,
    );
  }
  if (/^[a-z]+:\/\//.test(location)) return [{ version, location, modified: 0 }];
  let numbered: string[];
  try {
    const place = await stat(location);
    if (!place.isDirectory()) return [{ version, location, modified: place.mtimeMs }];
    const entries = await readdir(location, { withFileTypes: true });
    numbered = entries.filter((entry) => entry.isDirectory() && /^\d{1,15}$/.test(entry.name)).map((entry) => entry.name);
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model ${location}: ${describeError(error)}.`, { location });
  }
  if (numbered.length === 0) return [{ version, ...(await placeIn(location, runtime)) }];
  const found = numbered.map(async (name) => ({ version: String(Number(name)), ...(await placeIn(join(location, name), runtime)) }));
  return (await Promise.all(found)).toSorted((a, b) => Number(a.version) - Number(b.version));
}

/** The model in a folder: the folder itself where a runtime takes it, else `model.*`, else its only model file. */
async function placeIn(folder: string, runtime: string | undefined): Promise<Omit<FoundVersion, "version">> {
  const location = await modelIn(folder, runtime);
  return { location, modified: (await stat(location)).mtimeMs };
}

async function modelIn(folder: string, runtime: string | undefined): Promise<string> {
  if (await taken(folder, runtime)) return folder;
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  const models: string[] = [];
  for (const file of files) if (await taken(file, runtime)) models.push(file);
  const named = models.find((file) => /[\\/]model\.[^\\/]+$/.test(file));
  if (named !== undefined) return named;
  if (models.length === 1) return models[0];
  throw invalid(
    "serving.model_missing",
    `${folder} holds ${models.length === 0 ? "no model that a runtime takes" : `${models.length} models, and none is named model.*`}; it should hold one, such as model.onnx, or numbered folders with one each.`,
  );
}

async function taken(location: string, runtime: string | undefined): Promise<boolean> {
  const found = await runtimeFor(location, runtime).catch(() => undefined);
  return found !== undefined && (await found.accepts(location));
}

/** The versions that a policy serves, of all in rising order. Fails where it asks for one that is not there. */
export function servedVersions(found: readonly FoundVersion[], policy: VersionPolicy = { latest: 1 }): readonly FoundVersion[] {
  if (policy === "all") return found;
  if ("latest" in policy) return found.slice(-policy.latest);
  return policy.specific.map((version) => versionIn(found, version));
}

/** The version of that name; 400 with those there are. */
export function versionIn(found: readonly FoundVersion[], version: string): FoundVersion {
  const one = found.find((candidate) => candidate.version === version);
  if (one) return one;
  throw invalid("serving.version_missing", `There is no version "${version}"; there is: ${found.map((candidate) => `"${candidate.version}"`).join(", ")}.`);
}

/** The models in a repository folder: its folders, by name. Fails with `serving.repository_missing`. */
export async function modelsIn(repository: string): Promise<Map<string, ModelPlace>> {
  try {
    const entries = await readdir(repository, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    return new Map(folders.map(({ name }) => [name, { location: join(repository, name) }]));
  } catch (error) {
    throw invalid("serving.repository_missing", `Cannot read the model repository ${repository}: ${describeError(error)}.`);
  }
}
