import Type, { type Static } from "typebox";

/** Tags that are named are set, or taken away by `null`. Their keys are those that MLflow's clients can read back: see `mlflow/limits.ts`. */
export const tagChanges = (longest: number) => Type.Optional(Type.Record(Type.String({ pattern: "^[/\\p{L}\\p{N}_.\\- :]{1,250}$" }), Type.Union([Type.String({ maxLength: longest }), Type.Null()]), { additionalProperties: false }));

export type TagChanges = Readonly<Record<string, string | null>> | undefined;

/** Sets and takes away tags one after the other, in the order in which they are named. */
export async function changeTags(tags: TagChanges, set: (key: string, value: string) => Promise<unknown>, remove: (key: string) => Promise<unknown>): Promise<void> {
  for (const [key, value] of Object.entries(tags ?? {})) await (value === null ? remove(key) : set(key, value));
}

/** A change of names and tags: those that are named are set, or taken away by `null`; everything else stays. */
export const edit = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" })),
  tags: tagChanges(5000),
});

export type Edit = Static<typeof edit>;
