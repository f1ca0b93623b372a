import { placeOfFiles } from "../registry/version-files.ts";
import { listRegistrations } from "../registry/registrations.ts";
import { createVersion, deleteVersion, deleteVersionTag, describeVersion, readVersion, setStage, setVersionTag, stageOf } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { setModelTags } from "../tracking/logged-models.ts";
import { checkRegistryTag } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { boolean, keyValue, list, orElse, required, string, type Field } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { readSource } from "./model-source.ts";
import { changeBy, write } from "./registered-models.ts";
import { versionMessage, wholeVersionMessage } from "./registry-messages.ts";
import { versionNumber } from "./version-number.ts";

const path = "2.0/mlflow/model-versions";

/** Clients write versions as text; some as numbers. */
const version: Field<number> = {
  read: (value, name) => versionNumber(required(string).read(typeof value === "number" ? String(value) : value, name)),
};
const key = { name: required(string), version };

const promptTag = "mlflow.prompt.is_prompt";
const registrationsTag = "mlflow.modelVersions";

const answer = async (house: House, model: string, number: number): Promise<object> => ({ model_version: await wholeVersionMessage(house, await readVersion(house.db, model, number)) });

export const modelVersionRpcs: readonly Rpc[] = [
  rpc(
    "POST",
    `${path}/create`,
    { name: required(string), source: required(string), run_id: string, tags: list(keyValue), run_link: string, description: string, model_id: string },
    async (house, request) => {
      const tags = new Map(request.tags.map(({ key: tag, value }) => checkRegistryTag(tag, value)));
      const given = { source: request.source, runId: request.run_id || undefined, modelId: request.model_id || undefined };
      // A prompt's text lies in its tags; its source is only a word.
      const { modelId, ...place } = tags.get(promptTag)?.toLowerCase() === "true" ? { ...given, storage: given.source } : await readSource(house, given);
      const input = { model: request.name, ...place, runLink: request.run_link, loggedModelId: modelId, description: request.description, tags };
      const number = await writeTogether(house.db, async (transaction) => {
        const created = await createVersion(transaction, { ...input, ...changeBy(house) });
        if (modelId) {
          const registered = await listRegistrations(transaction, [modelId]);
          // As Python's json.dumps writes it: clients compare the text.
          const value = `[${registered.map((one) => `{"name": ${JSON.stringify(one.name)}, "version": ${one.version}}`).join(", ")}]`;
          await setModelTags(transaction, modelId, [{ key: registrationsTag, value }]);
        }
        return created;
      });
      return { model_version: versionMessage(await readVersion(house.db, request.name, number)) };
    },
  ),
  rpc("PATCH", `${path}/update`, { ...key, description: string }, async (house, request) => {
    await write(house, (transaction) => describeVersion(transaction, request.name, request.version, request.description ?? "", changeBy(house)));
    return answer(house, request.name, request.version);
  }),
  rpc("GET", `${path}/get`, key, async (house, request) => answer(house, request.name, request.version)),
  rpc("DELETE", `${path}/delete`, key, async (house, request) => write(house, (transaction) => deleteVersion(transaction, request.name, request.version, changeBy(house)))),
  rpc("POST", `${path}/transition-stage`, { ...key, stage: required(string), archive_existing_versions: orElse(boolean, false) }, async (house, request) => {
    const stage = stageOf(request.stage);
    if (request.archive_existing_versions && stage !== "Staging" && stage !== "Production") {
      throw invalidParameter(`Model version transition cannot archive existing model versions because '${request.stage}' is not an Active stage. Valid stages are ['Production', 'Staging']`);
    }
    await write(house, (transaction) => setStage(transaction, request.name, request.version, stage, request.archive_existing_versions, changeBy(house)));
    return answer(house, request.name, request.version);
  }),
  rpc("GET", `${path}/get-download-uri`, key, async (house, request) => {
    return { artifact_uri: await placeOfFiles(house.db, await readVersion(house.db, request.name, request.version)) };
  }),
  rpc("POST", `${path}/set-tag`, { ...key, key: required(string), value: string }, async (house, request) => {
    const [tag, value] = checkRegistryTag(request.key, request.value ?? "");
    return write(house, (transaction) => setVersionTag(transaction, request.name, request.version, tag, value, changeBy(house)));
  }),
  rpc("DELETE", `${path}/delete-tag`, { ...key, key: required(string) }, async (house, request) =>
    write(house, (transaction) => deleteVersionTag(transaction, request.name, request.version, request.key, changeBy(house))),
  ),
];
