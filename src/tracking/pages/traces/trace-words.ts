import type { Trace } from "../../traces/types.ts";

/** What a trace is called: the name of its root span, as clients say it; else its id. */
export const traceName = ({ id, tags }: Pick<Trace, "id" | "tags">): string => tags["mlflow.traceName"] || id;

/** A number of the JSON object that a client keeps under this key; undefined when it is not there. */
function numberIn(json: string | undefined, key: string): number | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = (JSON.parse(json) as Record<string, unknown> | null)?.[key];
    return typeof value === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How many tokens a trace took in all, if that is known. */
export const tokensOf = ({ metadata }: Pick<Trace, "metadata">): number | undefined => numberIn(metadata["mlflow.trace.tokenUsage"], "total_tokens");

/** How many spans a trace has, as its client said. */
export const traceSize = ({ metadata }: Pick<Trace, "metadata">): number | undefined => numberIn(metadata["mlflow.trace.sizeStats"], "num_spans");
