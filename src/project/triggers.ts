import { resolve } from "node:path";
import type { Static } from "typebox";
import { parseDuration } from "../clock.ts";
import { readCron } from "./cron.ts";
import type { TriggersSchema } from "./triggers-schema.ts";

export type GitHost = "github" | "gitlab" | "gitea";

/** Where a secret is: a variable of the server's environment, or a file. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

/** What starts a pipeline by itself. */
export type TriggerOn =
  | { readonly kind: "cron"; readonly expression: string; readonly zone: string; readonly missed: "skip" | "once" | "all"; readonly limit: number }
  | { readonly kind: "data"; readonly file: string; readonly every: number }
  | {
      readonly kind: "git";
      /** An absolute path, or an address. */
      readonly repository: string;
      readonly branches: readonly string[];
      readonly paths: readonly string[];
      /** How often it is looked at, ms; null: never. */
      readonly every: number | null;
      readonly project: string;
      readonly data: "commit" | "here";
      readonly webhook: { readonly from: GitHost; readonly secret: SecretPlace } | null;
      /** Whom the verdict on a commit is told; `api` without a slash at its end. */
      readonly status: { readonly to: GitHost; readonly repository: string; readonly api: string; readonly token: SecretPlace } | null;
    }
  | { readonly kind: "registered"; readonly model: string }
  | { readonly kind: "pipeline"; readonly model: string }
  | { readonly kind: "alarm"; readonly endpoint: string }
  | { readonly kind: "api" };

/** A trigger of a project, with every default filled in; durations in milliseconds. */
export interface ProjectTrigger {
  /** Unique in the project. */
  readonly name: string;
  readonly on: TriggerOn;
  /** It fires when nothing more has come for so long. */
  readonly debounce: number;
  /** So long after a firing the next one begins at the earliest. */
  readonly cooldown: number;
  readonly until: "gate" | "register" | "deploy";
}

type TriggersFile = Static<typeof TriggersSchema>;
type TriggerFile = TriggersFile[string];

const kinds = ["cron", "data", "git", "registered", "pipeline", "alarm", "api"] as const;

/** What the schema cannot say of triggers: the first fault, with the place of its field. */
export function triggersFault(triggers: TriggersFile): { readonly sentence: string; readonly field: string[] } | undefined {
  for (const [name, trigger] of Object.entries(triggers)) {
    const field = ["triggers", name];
    if (!/^[a-z0-9][a-z0-9-]{0,49}$/.test(name)) return { sentence: `the name of a trigger has small letters, digits and hyphens, up to 50, got ${JSON.stringify(name)}`, field };
    const given = kinds.filter((kind) => trigger[kind] !== undefined);
    if (given.length !== 1) return { sentence: `a trigger has one of ${kinds.join(", ")}; triggers.${name} has ${given.length === 0 ? "none" : given.join(" and ")}`, field: given.length > 1 ? [...field, given[1]] : field };
    const wrong = cronFault(trigger);
    if (wrong !== undefined) return { sentence: `triggers.${name}.cron: ${wrong}`, field: [...field, "cron"] };
    const hook = trigger.git?.webhook;
    if (hook && (hook.secret_env === undefined) === (hook.secret_file === undefined)) return { sentence: `triggers.${name}.git.webhook has one of secret_env and secret_file: where its secret is`, field: [...field, "git", "webhook"] };
    const status = trigger.git?.status;
    if (status && (status.token_env === undefined) === (status.token_file === undefined)) return { sentence: `triggers.${name}.git.status has one of token_env and token_file: where its token is`, field: [...field, "git", "status"] };
    if (status && status.to === "gitea" && status.api === undefined) return { sentence: `triggers.${name}.git.status.api is missing: where Gitea's API is, such as https://gitea.example.org/api/v1`, field: [...field, "git", "status"] };
    const address = trigger.git?.repository === undefined ? undefined : repositoryFault(trigger.git.repository);
    if (address !== undefined) return { sentence: `triggers.${name}.git.repository ${address}`, field: [...field, "git", "repository"] };
  }
  return undefined;
}

function cronFault(trigger: TriggerFile): string | undefined {
  if (trigger.cron === undefined) return undefined;
  const { expression, zone } = cronOf(trigger.cron);
  try {
    if (readCron(expression, zone).next(0) === null) return `${JSON.stringify(expression)} names a time that never comes`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const publicApis: Readonly<Partial<Record<GitHost, string>>> = { github: "https://api.github.com", gitlab: "https://gitlab.com/api/v4" };

const secretPlace = ({ env, file }: { readonly env: string | undefined; readonly file: string | undefined }, folder: string): SecretPlace => (env === undefined ? { file: resolve(folder, file!) } : { env });

const isAddress = (repository: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(repository) || /^[\w.-]+@[\w.-]+:/.test(repository);

function repositoryFault(repository: string): string | undefined {
  if (repository.startsWith("-") || /^[a-z0-9+.-]+::/i.test(repository)) return `must be a path or an address, got ${JSON.stringify(repository)}`;
  if (!isAddress(repository)) return undefined;
  const url = URL.parse(repository);
  if (url && !["https:", "http:", "ssh:", "git:", "file:"].includes(url.protocol)) return `must be a path or an address of https, http, ssh, git or file, got ${JSON.stringify(repository)}`;
  if (url && url.password !== "") return "has a password in it, which has no place in this file: Git's credential helper, or a key of ssh, holds it";
  return undefined;
}

/** The project's model, where its file lies, and its table. */
interface Place {
  readonly model: string;
  readonly folder: string;
  readonly source: string;
}

/** Fills in the defaults. */
export const completeTriggers = (triggers: TriggersFile, place: Place): ProjectTrigger[] =>
  Object.entries(triggers).map(([name, trigger]) => ({
    name,
    on: onOf(trigger, place),
    debounce: duration(trigger.debounce, "0s"),
    cooldown: duration(trigger.cooldown, "0s"),
    until: trigger.until ?? "deploy",
  }));

function onOf(trigger: TriggerFile, { model, folder, source }: Place): TriggerOn {
  if (trigger.cron !== undefined) return { kind: "cron", ...cronOf(trigger.cron) };
  if (trigger.data !== undefined) return { kind: "data", file: source, every: duration(trigger.data.every, "1m") };
  if (trigger.git !== undefined) return gitOf(trigger.git, folder);
  if (trigger.registered !== undefined) return { kind: "registered", model: trigger.registered.model ?? model };
  if (trigger.pipeline !== undefined) return { kind: "pipeline", model: trigger.pipeline.model };
  if (trigger.alarm !== undefined) return { kind: "alarm", endpoint: trigger.alarm.endpoint ?? model };
  return { kind: "api" };
}

function gitOf(git: NonNullable<TriggerFile["git"]>, folder: string): TriggerOn {
  const address = git.repository !== undefined && isAddress(git.repository);
  return {
    kind: "git",
    repository: address ? git.repository! : resolve(folder, git.repository ?? "."),
    branches: git.branches ?? ["main", "master"],
    paths: git.paths ?? [],
    // A host that tells of pushes need not be asked.
    every: git.webhook !== undefined && git.every === undefined ? null : duration(git.every, "1m"),
    project: git.project ?? "millrace.yaml",
    data: git.data ?? "commit",
    webhook: git.webhook === undefined ? null : { from: git.webhook.from, secret: secretPlace({ env: git.webhook.secret_env, file: git.webhook.secret_file }, folder) },
    status: git.status === undefined ? null : { to: git.status.to, repository: git.status.repository, api: (git.status.api ?? publicApis[git.status.to]!).replace(/\/+$/, ""), token: secretPlace({ env: git.status.token_env, file: git.status.token_file }, folder) },
  };
}

const cronOf = (cron: NonNullable<TriggerFile["cron"]>): Omit<TriggerOn & { kind: "cron" }, "kind"> => {
  const given = typeof cron === "string" ? { expression: cron } : cron;
  return { expression: given.expression, zone: given.zone ?? "UTC", missed: given.missed ?? "once", limit: given.limit ?? 10 };
};

const duration = (text: string | undefined, fallback: string): number => parseDuration(text ?? fallback)!;
