import { textOrNullIn } from "./cells.ts";
import { stageOfText, type SourceModel, type SourceVersion } from "./source.ts";
import type { Row, SqlReader } from "./sql-reader.ts";

/** Where MLflow puts it: a deleted version stays as a row without its content, so that its number is not given again. */
const deletedStage = "Deleted_Internal";

/** The registered models of MLflow's SQL store. */
export async function* readSqlModels(sql: SqlReader): AsyncIterable<SourceModel> {
  if (!sql.has("registered_models")) return;
  for (const row of sql.rows("select * from registered_models order by name")) {
    const name = String(row["name"]);
    const versions = [...sql.rows("select * from model_versions where name = ? order by version", name)];
    const aliases = sql.has("registered_model_aliases") ? [...sql.rows("select * from registered_model_aliases where name = ?", name)] : [];
    yield {
      name,
      description: textOrNullIn(row["description"]),
      createdAt: Number(row["creation_time"] ?? 0),
      updatedAt: Number(row["last_updated_time"] ?? row["creation_time"] ?? 0),
      tags: sql.pairs("registered_model_tags", "name", name),
      aliases: Object.fromEntries(aliases.map((alias) => [String(alias["alias"]), Number(alias["version"])])),
      versions: versions.filter((version) => version["current_stage"] !== deletedStage).map((version) => readVersion(sql, version)),
      lastVersion: Number(versions.at(-1)?.["version"] ?? 0),
    };
  }
}

function readVersion(sql: SqlReader, row: Row): SourceVersion {
  const tags = sql.has("model_version_tags") ? [...sql.rows("select key, value from model_version_tags where name = ? and version = ? order by key", row["name"], row["version"])] : [];
  return {
    version: Number(row["version"]),
    createdAt: Number(row["creation_time"] ?? 0),
    updatedAt: Number(row["last_updated_time"] ?? row["creation_time"] ?? 0),
    user: textOrNullIn(row["user_id"]),
    description: textOrNullIn(row["description"]),
    stage: stageOfText(textOrNullIn(row["current_stage"])),
    tags: Object.fromEntries(tags.map((tag) => [String(tag["key"]), String((tag["value"] as string | null) ?? "")])),
    source: textOrNullIn(row["source"]) ?? "",
    storage: textOrNullIn(row["storage_location"]),
    runId: textOrNullIn(row["run_id"]) || null,
    runLink: textOrNullIn(row["run_link"]),
    loggedModelId: /^models:\/(m-[0-9a-f]{32})$/.exec(textOrNullIn(row["source"]) ?? "")?.[1] ?? null,
  };
}

