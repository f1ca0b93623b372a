import { resolve } from "node:path";
import { writeTogether } from "../storage/group-commit.ts";
import {
  createExperiment,
  deleteExperimentTag,
  findExperiment,
  readExperiment,
  renameExperiment,
  setExperimentLifecycle,
  setExperimentTag,
} from "../tracking/experiments.ts";
import { listDatasets } from "../tracking/inputs.ts";
import { experimentMessage } from "./entity-messages.ts";
import { checkExperimentName, checkKey, checkLengths } from "./limits.ts";
import { invalidParameter, missingResource } from "./mlflow-error.ts";
import { keyValue, list, orElse, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";

const path = "2.0/mlflow/experiments";
const id = { experiment_id: required(string) };

export const experimentRpcs: readonly Rpc[] = [
  rpc("POST", `${path}/create`, { name: required(string), artifact_location: string, tags: list(keyValue) }, async (house, request) => {
    const tags = Object.fromEntries(request.tags.map(({ key, value }, index) => [checkKey(key, `tags[${index}].key`), value]));
    const name = checkExperimentName(request.name);
    const input = { name, artifactLocation: locationOf(request.artifact_location), artifactRoot: house.settings.artifactRoot, tags, now: house.clock.now() };
    return { experiment_id: await writeTogether(house.db, (transaction) => createExperiment(transaction, input)) };
  }),
  rpc("GET", `${path}/get`, id, async (house, { experiment_id }) => ({ experiment: experimentMessage(await readExperiment(house.db, experiment_id)) })),
  rpc("GET", `${path}/get-by-name`, { experiment_name: required(string) }, async (house, { experiment_name }) => {
    const experiment = await findExperiment(house.db, experiment_name);
    if (!experiment) throw missingResource(`Could not find experiment with name '${experiment_name}'`);
    return { experiment: experimentMessage(experiment) };
  }),
  rpc("POST", `${path}/delete`, id, async (house, { experiment_id }) => {
    await writeTogether(house.db, (transaction) => setExperimentLifecycle(transaction, experiment_id, "deleted", house.clock.now()));
    return {};
  }),
  rpc("POST", `${path}/restore`, id, async (house, { experiment_id }) => {
    await writeTogether(house.db, (transaction) => setExperimentLifecycle(transaction, experiment_id, "active", house.clock.now()));
    return {};
  }),
  rpc("POST", `${path}/update`, { ...id, new_name: required(string) }, async (house, { experiment_id, new_name }) => {
    await writeTogether(house.db, (transaction) => renameExperiment(transaction, experiment_id, checkExperimentName(new_name), house.clock.now()));
    return {};
  }),
  rpc("POST", `${path}/set-experiment-tag`, { ...id, key: required(string), value: orElse(string, "") }, async (house, { experiment_id, key, value }) => {
    checkLengths({ value }, { value: 5000 });
    await writeTogether(house.db, (transaction) => setExperimentTag(transaction, experiment_id, checkKey(key, "key"), value, house.clock.now()));
    return {};
  }),
  rpc("POST", `${path}/delete-experiment-tag`, { ...id, key: required(string) }, async (house, { experiment_id, key }) => {
    await writeTogether(house.db, (transaction) => deleteExperimentTag(transaction, experiment_id, key, house.clock.now()));
    return {};
  }),
  rpc("POST", `${path}/search-datasets`, { experiment_ids: list(string) }, async (house, { experiment_ids }) => {
    if (experiment_ids.length === 0) throw invalidParameter("SearchDatasets request must specify at least one experiment_id.");
    if (experiment_ids.length > 20) throw invalidParameter(`SearchDatasets request cannot specify more than 20 experiment_ids. Received ${experiment_ids.length} experiment_ids.`);
    const found = await listDatasets(house.db, experiment_ids);
    return { dataset_summaries: found.map(({ experimentId, name, digest, context }) => ({ experiment_id: experimentId, name, digest, context })) };
  }),
];

/** A location is a URI that means one place: no query, no fragment, no way up. A path without a scheme is one of the server's machine. */
function locationOf(location: string | undefined): string | undefined {
  if (location === undefined || location === "") return undefined;
  if (/[?#]/.test(location) || decodeURIs(location).split(/[/\\]/).includes("..")) {
    throw invalidParameter(`Invalid artifact_location ${JSON.stringify(location)}: it must be a URI without '..', query or fragment`);
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(location) ? location : resolve(location);
}

const decodeURIs = (text: string): string => text.replaceAll(/%(25)*2e/gi, ".").replaceAll(/%(25)*2f/gi, "/").replaceAll(/%(25)*5c/gi, "\\");
