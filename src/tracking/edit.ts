import Type, { type Static } from "typebox";

/** What MLflow's clients can read back: see `mlflow/limits.ts`. */
const tagKey = "^[/\\w.\\- :]{1,250}$";

/** A change of names and tags: those that are named are set, or taken away by `null`; everything else stays. */
export const edit = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" })),
  tags: Type.Optional(Type.Record(Type.String({ pattern: tagKey }), Type.Union([Type.String({ maxLength: 5000 }), Type.Null()]), { additionalProperties: false })),
});

export type Edit = Static<typeof edit>;
