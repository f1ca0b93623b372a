import type { AuditEntry } from "../../storage/audit.ts";
import { promptTag } from "../models.ts";
import type { WebhookAction, WebhookEntity, WebhookEvent } from "./types.ts";

/** MLflow's tags that carry what a prompt is made of. */
const promptTypeTag = "_mlflow_prompt_type";
const promptTextTag = "mlflow.prompt.text";

/** What happened, and the `data` that MLflow sends of it (mlflow/webhooks/types.py). */
export interface Told extends WebhookEvent {
  readonly data: Readonly<Record<string, unknown>>;
}

type Tags = Readonly<Record<string, string>>;

/** What an entry of the audit log tells webhooks; undefined for what they are not told of. */
export function toldBy(entry: Pick<AuditEntry, "action" | "object" | "details">): Told | undefined {
  const { details } = entry;
  const name = entry.object.slice("model/".length);
  const prompt = details["prompt"] === true || isPrompt(details["tags"] as Tags | undefined);
  const tell = (ofModel: WebhookEntity | undefined, ofPrompt: WebhookEntity, action: WebhookAction, data: object): Told | undefined => {
    const entity = prompt ? ofPrompt : ofModel;
    return entity && { entity, action, data: { name, ...data } };
  };
  const version = String(details["version"]);
  const { key, value, alias } = details;
  switch (entry.action) {
    case "registry.model_created":
      return tell("REGISTERED_MODEL", "PROMPT", "CREATED", { tags: prompt ? ownTags(details["tags"] as Tags) : details["tags"], description: details["description"] ?? "" });
    case "registry.version_registered": {
      const tags = details["tags"] as Tags;
      const description = details["description"] || null;
      if (prompt) return tell(undefined, "PROMPT_VERSION", "CREATED", { version, template: tags[promptTextTag] ?? null, tags: ownTags(tags), description });
      return tell("MODEL_VERSION", "PROMPT_VERSION", "CREATED", { version, source: details["source"], run_id: details["runId"] || null, tags, description });
    }
    case "registry.model_tag_set":
      return tell(undefined, "PROMPT_TAG", "SET", { key, value });
    case "registry.model_tag_deleted":
      return tell(undefined, "PROMPT_TAG", "DELETED", { key });
    case "registry.version_tag_set":
      return tell("MODEL_VERSION_TAG", "PROMPT_VERSION_TAG", "SET", { version, key, value });
    case "registry.version_tag_deleted":
      return tell("MODEL_VERSION_TAG", "PROMPT_VERSION_TAG", "DELETED", { version, key });
    case "registry.alias_moved":
      return tell("MODEL_VERSION_ALIAS", "PROMPT_ALIAS", "CREATED", { alias, version: String(details["to"]) });
    case "registry.alias_removed":
      return tell("MODEL_VERSION_ALIAS", "PROMPT_ALIAS", "DELETED", { alias });
    default:
      return undefined;
  }
}

/** The tags of a prompt that are its maker's own. */
const ownTags = (tags: Tags): Tags => Object.fromEntries(Object.entries(tags).filter(([key]) => key !== promptTag && key !== promptTypeTag && key !== promptTextTag));

/** Whether these tags make a prompt. */
const isPrompt = (tags: Tags = {}): boolean => tags[promptTag]?.toLowerCase() === "true";

/** The body that is sent, the same in every attempt. */
export const bodyOf = ({ entity, action, data }: Told, time: number): string =>
  JSON.stringify({ entity: entity.toLowerCase(), action: action.toLowerCase(), timestamp: new Date(time).toISOString().replace("Z", "+00:00"), data });

/** What a webhook is sent when somebody tries it. */
export function exampleOf({ entity, action }: WebhookEvent): Told {
  const prompt = entity.startsWith("PROMPT");
  const thing = prompt ? "prompt" : "model";
  const [name, tags] = [`example_${thing}`, { example_key: "example_value" }];
  const pair = action === "SET" ? { key: "example_key", value: "example_value" } : { key: "example_key" };
  const aliased = action === "DELETED" ? { alias: "example_alias" } : { alias: "example_alias", version: "1" };
  const data: Readonly<Record<WebhookEntity, object>> = {
    REGISTERED_MODEL: { tags, description: "An example registered model" },
    MODEL_VERSION: { version: "1", source: "models:/123", run_id: "abcd1234abcd5678", tags, description: "An example model version" },
    MODEL_VERSION_TAG: { version: "1", ...pair },
    MODEL_VERSION_ALIAS: aliased,
    PROMPT: { tags, description: "An example prompt" },
    PROMPT_VERSION: { version: "1", template: "Hello {{name}}!", tags, description: "An example prompt version" },
    PROMPT_TAG: pair,
    PROMPT_VERSION_TAG: { version: "1", ...pair },
    PROMPT_ALIAS: aliased,
  };
  return { entity, action, data: { name, ...data[entity] } };
}
