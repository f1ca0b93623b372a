import type { ModelVersion, RegisteredModel } from "../registry/types.ts";
import { latestVersions } from "../registry/search.ts";
import type { House } from "../stage.ts";
import { readLoggedModels } from "../tracking/logged-models.ts";
import { metricMessages } from "./logged-models.ts";

const pairs = (values: Readonly<Record<string, string>>): object[] => Object.entries(values).map(([key, value]) => ({ key, value }));

/** A version as MLflow's message; `get` adds what its logged model measured. */
export const versionMessage = (version: ModelVersion): object => ({
  name: version.model,
  version: String(version.version),
  creation_timestamp: version.createdAt,
  last_updated_timestamp: version.updatedAt,
  user_id: version.createdBy === "local" ? undefined : version.createdBy,
  current_stage: version.stage,
  description: version.description ?? "",
  source: version.source,
  run_id: version.runId ?? "",
  status: "READY",
  run_link: version.runLink ?? "",
  model_id: version.loggedModelId ?? undefined,
  tags: pairs(version.tags),
  aliases: version.aliases,
});

/** A version with the parameters and metrics of the logged model it was registered from. */
export async function wholeVersionMessage(house: House, version: ModelVersion): Promise<object> {
  const [model] = version.loggedModelId === null ? [] : await readLoggedModels(house.db, [version.loggedModelId]);
  return { ...versionMessage(version), ...(model ? { model_params: model.params.map(({ key, value }) => ({ name: key, value })), model_metrics: metricMessages(model) } : {}) };
}

/** Models as MLflow's messages, each with the newest version of every stage. */
export async function modelMessages(house: House, models: readonly RegisteredModel[]): Promise<object[]> {
  const latest = await latestVersions(house.db, models.map((model) => model.name));
  return models.map((model) => ({
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description ?? "",
    latest_versions: latest.filter((version) => version.model === model.name).map(versionMessage),
    tags: pairs(model.tags),
    aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) })),
  }));
}
