import { basename, join } from "node:path";
import { numberIn, textIn } from "./cells.ts";
import { eachOf, foldersIn, readMeta, readPairs, type Meta } from "./folder-files.ts";
import { stageOfText, type Leave, type SourceModel, type SourceVersion } from "./source.ts";

/** The registered models of MLflow's file store: a folder each, with a folder for each version. */
export async function* readFolderModels(root: string, leave: Leave): AsyncIterable<SourceModel> {
  yield* eachOf(await foldersIn(root, leave), (folder) => `registered model ${basename(folder)}`, leave, async (folder) => {
    const meta = await readMeta(folder);
    if (!meta) return undefined;
    const found = await versionsIn(folder, leave);
    const versions = found.filter(({ deleted }) => !deleted).map(({ version }) => version);
    return {
      name: textIn(meta["name"]),
      description: textIn(meta["description"]) || null,
      createdAt: numberIn(meta["creation_timestamp"]),
      updatedAt: numberIn(meta["last_updated_timestamp"]),
      tags: asRecord(await readPairs(join(folder, "tags"))),
      aliases: Object.fromEntries((await readPairs(join(folder, "aliases"))).map(({ key, value }) => [key, Number(value)])),
      versions,
      lastVersion: found.reduce((last, { version }) => Math.max(last, version.version), 0),
    };
  });
}

async function versionsIn(folder: string, leave: Leave): Promise<{ readonly version: SourceVersion; readonly deleted: boolean }[]> {
  const all = (await foldersIn(folder, leave)).filter((one) => /\/version-\d+$/.test(one));
  const versions: { readonly version: SourceVersion; readonly deleted: boolean }[] = [];
  const read = eachOf(all, (one) => `${basename(one)} of registered model ${basename(folder)}`, leave, async (one) => {
    const meta = await readMeta(one);
    return meta && { version: await readVersion(meta, one), deleted: meta["current_stage"] === "Deleted_Internal" };
  });
  for await (const version of read) versions.push(version);
  return versions.toSorted((one, other) => one.version.version - other.version.version);
}

async function readVersion(meta: Meta, folder: string): Promise<SourceVersion> {
  const source = textIn(meta["source"]);
  return {
    version: numberIn(meta["version"]),
    createdAt: numberIn(meta["creation_timestamp"]),
    updatedAt: numberIn(meta["last_updated_timestamp"]),
    user: textIn(meta["user_id"]) || null,
    description: textIn(meta["description"]) || null,
    stage: stageOfText(textIn(meta["current_stage"])),
    tags: asRecord(await readPairs(join(folder, "tags"))),
    source,
    storage: textIn(meta["storage_location"]) || null,
    runId: textIn(meta["run_id"]) || null,
    runLink: textIn(meta["run_link"]) || null,
    loggedModelId: textIn(meta["model_id"]) || (/^models:\/(m-[0-9a-f]{32})$/.exec(source)?.[1] ?? null),
  };
}

const asRecord = (pairs: readonly { readonly key: string; readonly value: string }[]): Record<string, string> => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
