import { orLeave, type Carrying } from "./carry-experiment.ts";
import { isElsewhere, type SourceModel, type SourceVersion } from "./source.ts";

/** Carries a registered model with its versions, their numbers and times. */
export async function carryModel(carrying: Carrying, model: SourceModel): Promise<void> {
  const { tally, target } = carrying;
  if (carrying.dryRun) {
    tally.carry("registeredModels");
    tally.carry("versions", model.versions.length);
    tally.carry("aliases", Object.keys(model.aliases).length);
    return;
  }
  const isPrompt = "mlflow.prompt.is_prompt" in model.tags;
  const versions = model.versions.map((version) => {
    const storage = storageHere(carrying, version);
    const lost = !isPrompt && storage === (version.storage ?? version.source) && !isElsewhere(storage);
    if (lost) tally.notes.push(`Version ${version.version} of ${model.name}: its files lie at ${storage}, with no run or model that came`);
    const { stage, source, description, tags, runId, runLink, loggedModelId, createdAt, updatedAt } = version;
    // What is named by an id or a name is found here by it; a place is said as it is here.
    const named = /^(?:models|runs):/.test(source);
    return { version: version.version, createdAt, updatedAt, createdBy: version.user ?? "local", description, stage, tags: { ...tags }, source: named ? source : storage, storage, runId, runLink, loggedModelId };
  });
  await orLeave(carrying, `registered model ${model.name}`, async () => {
    const { name, description, createdAt, updatedAt, tags, aliases, lastVersion } = model;
    const done = await target.writeModel({ name, description, createdAt, updatedAt, tags: { ...tags }, aliases: { ...aliases }, lastVersion, versions }, `imported from ${carrying.source.name}`);
    if (done.created) tally.carry("registeredModels");
    else tally.skip("registeredModels");
    tally.carry("versions", done.added.length);
    tally.skip("versions", done.same.length);
    if (done.created) tally.carry("aliases", Object.keys(aliases).length);
    for (const what of done.differing) tally.leave(`registered model ${name}`, `${what} is here with other content, and stays as it is`);
  });
}

/** Where a version's files lie here: where the run or the logged model that holds them has them now. */
function storageHere({ roots }: Carrying, version: SourceVersion): string {
  const uri = version.storage ?? version.source;
  const run = /^runs:\/([^/]+)\/?(.*)$/.exec(uri);
  if (run) return [roots.get(run[1])?.to ?? `runs:/${run[1]}`, run[2]].filter((part) => part !== "").join("/");
  const model = /^models:\/(m-[0-9a-f]{32})$/.exec(uri)?.[1];
  if (model !== undefined) return roots.get(model)?.to ?? uri;
  const plain = plainPath(uri);
  for (const id of uri.split("/")) {
    const root = roots.get(id);
    const from = root && plainPath(root.from);
    if (root && from !== undefined && (plain === from || plain.startsWith(`${from}/`))) return `${root.to}${plain.slice(from.length)}`;
  }
  return uri;
}

/** `file:///a` and `/a` are one place. */
const plainPath = (uri: string): string => uri.replace(/^file:(?:\/\/(?:localhost)?)?(?=\/)/i, "").replace(/\/+$/, "");
