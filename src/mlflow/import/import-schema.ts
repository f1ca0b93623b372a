import Type, { type Static } from "typebox";
import { stages } from "../../registry/types.ts";

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const strict = { additionalProperties: false } as const;
const pairs = Type.Array(Type.Object({ key: Type.String(), value: Type.String() }, strict));
const record = Type.Record(Type.String(), Type.String());
const lifecycle = Type.Enum(["active", "deleted"]);
/** An id stands in the addresses of artifacts. */
const id = Type.String({ pattern: "^[a-zA-Z0-9][\\w\\-]{0,255}$" });
const whole = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
const double = Type.Union([Type.Number(), Type.Enum(["NaN", "Infinity", "-Infinity"])]);

/** Points of metrics as JSON can say them: position by position, what is not finite as a text. */
export const seriesSchema = Type.Array(Type.Object({ key: Type.String(), steps: Type.Array(whole), times: Type.Array(whole), values: Type.Array(double) }, strict));
export type SeriesMessage = Static<typeof seriesSchema>;

export const experimentSchema = Type.Object(
  { id: Type.String(), name: Type.String({ minLength: 1 }), artifactLocation: nullable(Type.String()), lifecycle, createdAt: whole, updatedAt: whole, tags: record },
  strict,
);

const models = Type.Array(Type.Object({ modelId: Type.String(), step: whole }, strict));
const dataset = Type.Object(
  { name: Type.String(), digest: Type.String(), sourceType: Type.String(), source: Type.String(), schema: Type.Optional(Type.String()), profile: Type.Optional(Type.String()) },
  strict,
);
export const runSchema = Type.Object(
  {
    id,
    experimentId: id,
    name: Type.String(),
    status: Type.Enum(["scheduled", "running", "finished", "failed", "killed"]),
    startedAt: whole,
    endedAt: nullable(whole),
    lifecycle,
    deletedAt: nullable(whole),
    userId: Type.String(),
    artifactUri: Type.String(),
    params: pairs,
    tags: pairs,
    datasets: Type.Array(Type.Object({ dataset, tags: record }, strict)),
    inputModels: models,
    outputModels: models,
  },
  strict,
);

export const loggedModelSchema = Type.Object(
  {
    id,
    experimentId: id,
    name: Type.String(),
    type: nullable(Type.String()),
    status: Type.Enum(["pending", "ready", "failed"]),
    sourceRunId: nullable(Type.String()),
    artifactUri: Type.String(),
    createdAt: whole,
    updatedAt: whole,
    lifecycle,
    params: pairs,
    tags: pairs,
    metrics: Type.Array(Type.Object({ key: Type.String(), value: double, step: whole, time: whole, runId: Type.String(), datasetName: Type.String(), datasetDigest: Type.String() }, strict)),
  },
  strict,
);

export const registeredModelSchema = Type.Object(
  {
    name: Type.String(),
    description: nullable(Type.String()),
    createdAt: whole,
    updatedAt: whole,
    tags: record,
    aliases: Type.Record(Type.String(), whole),
    lastVersion: whole,
    versions: Type.Array(
      Type.Object(
        {
          version: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
          createdAt: whole,
          updatedAt: whole,
          createdBy: Type.String(),
          description: nullable(Type.String()),
          stage: Type.Enum([...stages]),
          tags: record,
          source: Type.String(),
          storage: Type.String(),
          runId: nullable(Type.String()),
          runLink: nullable(Type.String()),
          loggedModelId: nullable(Type.String()),
        },
        strict,
      ),
    ),
  },
  strict,
);

/** A number as a message has it, and back. */
export const saidNumber = (value: number): Static<typeof double> => (Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity"));
export const numberSaid = (value: Static<typeof double>): number => Number(value);
