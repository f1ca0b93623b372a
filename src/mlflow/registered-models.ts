import { dropAlias, pointAlias } from "../registry/alias-changes.ts";
import { checkAlias, resolveAlias } from "../registry/aliases.ts";
import { createModel, deleteModel, deleteModelTag, describeModel, findModel, modelRow, readModel, renameModel, setModelTag } from "../registry/models.ts";
import { latestVersions } from "../registry/search.ts";
import { stageOf } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { writeTogether } from "../storage/group-commit.ts";
import type { Database } from "../storage/database.ts";
import { checkRegistryTag } from "./limits.ts";
import { invalidParameter, missingResource, mlflowError } from "./mlflow-error.ts";
import { keyValue, list, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { modelMessages, versionMessage, wholeVersionMessage } from "./registry-messages.ts";
import { versionNumber } from "./version-number.ts";

const path = "2.0/mlflow/registered-models";
const name = { name: required(string) };

/** Who changes something through MLflow's protocol, which names nobody: `local` until access control says otherwise. */
export const changeBy = (house: House): { readonly time: number; readonly actor: string } => ({ time: house.clock.now(), actor: "local" });

/** Writes in the next group; the answer of MLflow is empty. */
export const write = (house: House, work: (transaction: Database) => Promise<unknown>): Promise<object> => writeTogether(house.db, work).then(() => ({}));

const isPrompt = (tags: Readonly<Record<string, string>>): boolean => tags["mlflow.prompt.is_prompt"]?.toLowerCase() === "true";

/** A name that is taken is refused in MLflow's words, which tell prompts from models. */
async function refuseTaken(transaction: Database, name: string, prompt: boolean): Promise<void> {
  if (!(await findModel(transaction, name))) return;
  const known = isPrompt((await readModel(transaction, name)).tags);
  const called = (one: boolean): string => (one ? "Prompt" : "Registered Model");
  if (known === prompt) throw mlflowError("RESOURCE_ALREADY_EXISTS", `${called(prompt)} (name=${name}) already exists.`);
  const [wanted, taken] = [called(prompt).toLowerCase(), called(known).toLowerCase()];
  throw mlflowError("RESOURCE_ALREADY_EXISTS", `Tried to create a ${wanted} with name '${name}', but the name is already taken by a ${taken}. A model and a prompt cannot have the same name.`);
}

const answer = async (house: House, model: string): Promise<object> => ({ registered_model: (await modelMessages(house, [await readModel(house.db, model)]))[0] });

export const registeredModelRpcs: readonly Rpc[] = [
  rpc("POST", `${path}/create`, { ...name, tags: list(keyValue), description: string, deployment_job_id: string }, async (house, request) => {
    const tags = new Map(request.tags.map(({ key, value }) => checkRegistryTag(key, value)));
    await write(house, async (transaction) => {
      await refuseTaken(transaction, request.name, isPrompt(Object.fromEntries(tags)));
      await createModel(transaction, { name: request.name, tags, description: request.description, ...changeBy(house) });
    });
    return answer(house, request.name);
  }),
  rpc("POST", `${path}/rename`, { ...name, new_name: required(string) }, async (house, request) => {
    await write(house, (transaction) => renameModel(transaction, request.name, request.new_name, changeBy(house)));
    return answer(house, request.new_name);
  }),
  rpc("PATCH", `${path}/update`, { ...name, description: string, deployment_job_id: string }, async (house, request) => {
    await write(house, (transaction) => describeModel(transaction, request.name, request.description ?? "", changeBy(house)));
    return answer(house, request.name);
  }),
  rpc("DELETE", `${path}/delete`, name, async (house, request) => write(house, (transaction) => deleteModel(transaction, request.name, changeBy(house)))),
  rpc("GET", `${path}/get`, name, async (house, request) => answer(house, request.name)),
  rpc(["POST", "GET"], `${path}/get-latest-versions`, { ...name, stages: list(string) }, async (house, request) => {
    await modelRow(house.db, request.name);
    const stages = request.stages.map(stageOf);
    const latest = await latestVersions(house.db, [request.name]);
    return { model_versions: latest.filter((version) => stages.length === 0 || stages.includes(version.stage)).map(versionMessage) };
  }),
  rpc("POST", `${path}/set-tag`, { ...name, key: required(string), value: string }, async (house, request) => {
    const [key, value] = checkRegistryTag(request.key, request.value ?? "");
    return write(house, (transaction) => setModelTag(transaction, request.name, key, value, changeBy(house)));
  }),
  rpc("DELETE", `${path}/delete-tag`, { ...name, key: required(string) }, async (house, request) =>
    write(house, (transaction) => deleteModelTag(transaction, request.name, request.key, changeBy(house))),
  ),
  rpc("POST", `${path}/alias`, { ...name, alias: required(string), version: required(string) }, async (house, request) => {
    const version = versionNumber(request.version);
    await pointAlias(house, { model: request.name, alias: request.alias, version, reason: "set by a client", ...changeBy(house) });
    return {};
  }),
  rpc("DELETE", `${path}/alias`, { ...name, alias: required(string) }, async (house, request) => {
    await dropAlias(house, { model: request.name, alias: request.alias, reason: "removed by a client", ...changeBy(house) });
    return {};
  }),
  rpc("GET", `${path}/alias`, { ...name, alias: required(string) }, async (house, request) => {
    await modelRow(house.db, request.name);
    if (request.alias.toLowerCase() === "latest") {
      const newest = (await latestVersions(house.db, [request.name])).at(-1);
      if (!newest) throw missingResource(`Latest version not found for model ${request.name}.`);
      return { model_version: await wholeVersionMessage(house, newest) };
    }
    checkAlias(request.alias);
    const version = await resolveAlias(house.db, request.name, request.alias);
    if (!version) throw invalidParameter(`Registered model alias ${request.alias} not found.`);
    return { model_version: await wholeVersionMessage(house, version) };
  }),
];
