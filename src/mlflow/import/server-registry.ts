import { inPages, listOf, numberOf, recordOf, textOf, type Message, type ServerClient } from "./server-client.ts";
import { stageOfText, type SourceModel, type SourceVersion } from "./source.ts";

/** Models, then prompts, which are models that only a search that asks for them finds. */
const filters = ["", "tags.`mlflow.prompt.is_prompt` = 'true'"];

/** The registered models of a server, with all their versions. */
export async function* readServerModels(api: ServerClient): AsyncIterable<SourceModel> {
  const seen = new Set<string>();
  for (const filter of filters) {
    const page = (page_token?: string) => api.get("2.0/mlflow/registered-models/search", { max_results: 100, ...(filter === "" ? {} : { filter }), ...(page_token === undefined ? {} : { page_token }) });
    for await (const message of inPages("registered_models", page)) {
      const name = textOf(message, "name");
      // A server of before prompts answers the second search with tagged models only, which the first had.
      if (seen.has(name)) continue;
      seen.add(name);
      yield await readModel(api, message, filter);
    }
  }
}

async function readModel(api: ServerClient, message: Message, filter: string): Promise<SourceModel> {
  const name = textOf(message, "name");
  const quoted = name.includes("'") ? `"${name}"` : `'${name}'`;
  const versions: SourceVersion[] = [];
  const search = [`name = ${quoted}`, ...(filter === "" ? [] : [filter])].join(" AND ");
  const page = (page_token?: string) => api.get("2.0/mlflow/model-versions/search", { filter: search, max_results: 1000, ...(page_token === undefined ? {} : { page_token }) });
  for await (const version of inPages("model_versions", page)) versions.push(await readVersion(api, version));
  versions.sort((one, other) => one.version - other.version);
  return {
    name,
    description: textOf(message, "description") || null,
    createdAt: numberOf(message, "creation_timestamp"),
    updatedAt: numberOf(message, "last_updated_timestamp"),
    tags: recordOf(message, "tags"),
    aliases: Object.fromEntries(listOf(message, "aliases").map((alias) => [textOf(alias, "alias"), numberOf(alias, "version")])),
    versions,
    lastVersion: versions.at(-1)?.version ?? 0,
  };
}

async function readVersion(api: ServerClient, message: Message): Promise<SourceVersion> {
  const source = textOf(message, "source");
  // Only the server knows what `models:/…` led to when the version was made.
  const followed = source.startsWith("models:") ? await api.get("2.0/mlflow/model-versions/get-download-uri", { name: textOf(message, "name"), version: textOf(message, "version") }) : undefined;
  return {
    version: numberOf(message, "version"),
    createdAt: numberOf(message, "creation_timestamp"),
    updatedAt: numberOf(message, "last_updated_timestamp"),
    user: textOf(message, "user_id") || null,
    description: textOf(message, "description") || null,
    stage: stageOfText(textOf(message, "current_stage")),
    tags: recordOf(message, "tags"),
    source,
    storage: followed === undefined ? null : textOf(followed, "artifact_uri"),
    runId: textOf(message, "run_id") || null,
    runLink: textOf(message, "run_link") || null,
    loggedModelId: textOf(message, "model_id") || (/^models:\/(m-[0-9a-f]{32})$/.exec(source)?.[1] ?? null),
  };
}
