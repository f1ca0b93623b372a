import Type from "typebox";

const strict = { additionalProperties: false } as const;
const Duration = Type.String({ pattern: "^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$", description: "A duration: 90s, 6h, 1d, 2w" });

const Cron = Type.Object(
  {
    expression: Type.String({ minLength: 1, description: "Minute, hour, day of month, month, day of week: 0 3 * * 1-5; or @hourly, @daily, @weekly, @monthly" }),
    zone: Type.Optional(Type.String({ minLength: 1, description: "The IANA time zone that the times are meant in; UTC" })),
    missed: Type.Optional(Type.Enum(["skip", "once", "all"], { description: "What is done about times at which no server ran: nothing, one run for all of them, or a run for each; once" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "With missed: all, the most runs that are made up for, the newest; 10" })),
  },
  strict,
);

const Webhook = Type.Object(
  {
    from: Type.Enum(["github", "gitlab", "gitea"], { description: "Whose messages they are (Forgejo's are gitea's): each signs in its own way" }),
    secret_env: Type.Optional(Type.String({ minLength: 1, description: "The environment variable of the server that holds the secret; one that begins with MILLRACE_SECRET_ is kept from the commands that train" })),
    secret_file: Type.Optional(Type.String({ minLength: 1, description: "The file that holds the secret, relative to this one" })),
  },
  { ...strict, description: "A Git host tells of pushes, to /api/pipelines/triggers/<model>.<name>/webhook; what is not signed is refused" },
);

const Status = Type.Object(
  {
    to: Type.Enum(["github", "gitlab", "gitea"], { description: "The host's API (Forgejo's is gitea's)" }),
    repository: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_./-]*$", description: "Its name there, ada/bikes" }),
    api: Type.Optional(Type.String({ pattern: "^https?://[^\\s/@]+(/[^\\s?#]*)?$", description: "The address of the API: https://gitea.example.org/api/v1; GitHub's and GitLab's public ones when absent" })),
    token_env: Type.Optional(Type.String({ minLength: 1, description: "The environment variable of the server that holds a token which may set statuses" })),
    token_file: Type.Optional(Type.String({ minLength: 1, description: "The file that holds it, relative to this one" })),
  },
  { ...strict, description: "The verdict on each commit is set as its status" },
);

const Git = Type.Object(
  {
    repository: Type.Optional(Type.String({ minLength: 1, description: "A path, relative to this file, or an address (https, ssh); the folder of this file" })),
    branches: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "Which branches, with * and **; [main, master]" })),
    paths: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "Only when one of these has changed, with * and **: train.py, data/; all when absent" })),
    every: Type.Optional(Duration),
    project: Type.Optional(Type.String({ minLength: 1, description: "The project file in the repository; millrace.yaml" })),
    data: Type.Optional(Type.Enum(["commit", "here"], { description: "Whose table is trained on: the one in the commit, or that of this file's data.source; commit" })),
    webhook: Type.Optional(Webhook),
    status: Type.Optional(Status),
  },
  { ...strict, description: "When a branch of a Git repository has moved: the commit is checked out, and its own project file is run" },
);

const Trigger = Type.Object(
  {
    cron: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Cron], { description: "At these times: minute, hour, day of month, month, day of week, as text or with zone" })),
    data: Type.Optional(Type.Object({ every: Type.Optional(Duration) }, { ...strict, description: "When the file of data.source has another content, and is not being written any more" })),
    git: Type.Optional(Git),
    registered: Type.Optional(Type.Object({ model: Type.Optional(Type.String({ minLength: 1, description: "The registered model; this project's when absent" })) }, { ...strict, description: "When somebody registers a version of a model; those of this project's own pipelines do not count" })),
    pipeline: Type.Optional(Type.Object({ model: Type.String({ minLength: 1, description: "The model whose pipeline it is" }) }, { ...strict, description: "When a pipeline run of another model has ended well" })),
    alarm: Type.Optional(Type.Object({ endpoint: Type.Optional(Type.String({ minLength: 1, description: "The endpoint that is watched; this project's when absent" })) }, { ...strict, description: "When the watch of an endpoint raises an alarm, on drift or on the live error" })),
    api: Type.Optional(Type.Object({}, { ...strict, description: "Only when it is asked for: by the API, by `millrace triggers fire`, by the button of its page. Every trigger can be" })),
    debounce: Type.Optional(Duration),
    cooldown: Type.Optional(Duration),
    until: Type.Optional(Type.Enum(["gate", "register", "deploy"], { description: "How far its pipeline goes: to the gate's verdict, to a version, or to the traffic; deploy" })),
  },
  strict,
);

/** The section `triggers` of a project file: names, and what starts the project's pipeline under each. */
export const TriggersSchema = Type.Record(Type.String(), Trigger, { description: "What starts the project's pipeline by itself, each under a name" });
