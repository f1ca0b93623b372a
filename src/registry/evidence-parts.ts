import type { DatasetInput } from "../tracking/inputs.ts";
import type { Signature } from "../training/types.ts";
import type { CodeEvidence, DataEvidence } from "./evidence.ts";
import type { ModelSignature } from "./mlmodel.ts";

/** The code of a version of this house: `<commit>` or `<commit>-dirty`, as `codeVersion` writes it. */
export function codeOfEnvironment(code: string | undefined): CodeEvidence | null {
  if (code === undefined) return null;
  return { commit: code.replace(/-dirty$/, ""), repository: null, branch: null, dirty: code.endsWith("-dirty"), entryPoint: null };
}

/** The code as MLflow's clients tag it. */
export function codeOfTags(tags: Readonly<Record<string, string>>): CodeEvidence | null {
  const of = (...names: readonly string[]): string | null => names.map((name) => tags[name]).find((value) => value !== undefined && value !== "") ?? null;
  const dirty = of("mlflow.git.dirty", "mlflow.source.git.dirty");
  const code = {
    commit: of("mlflow.source.git.commit", "mlflow.git.commit"),
    repository: of("mlflow.source.git.repoURL", "mlflow.git.repo_url"),
    branch: of("mlflow.source.git.branch", "mlflow.git.branch"),
    dirty: dirty === null ? null : dirty.toLowerCase() === "true",
    entryPoint: of("mlflow.source.name"),
  };
  return Object.values(code).every((value) => value === null) ? null : code;
}

/** A dataset that a client logged. Its schema and profile are JSON in forms of their own (`mlflow_colspec`, `num_rows`); what is not there is left out. */
export function loggedDatasets({ dataset, tags }: DatasetInput): DataEvidence {
  const profile = objectOf(dataset.profile);
  const columns = (objectOf(dataset.schema)["mlflow_colspec"] ?? []) as readonly { readonly name?: unknown; readonly type?: unknown }[];
  const rows = profile["num_rows"];
  return {
    name: dataset.name,
    digest: dataset.digest,
    role: tags["mlflow.data.context"] ?? "",
    source: `${dataset.sourceType}: ${dataset.source}`.slice(0, 500),
    rows: typeof rows === "number" ? rows : null,
    columns: Array.isArray(columns) ? Object.fromEntries(columns.map((column, index) => [String(column?.name ?? index), String(column?.type ?? "?")])) : {},
    ours: false,
  };
}

/** A JSON object; empty for whatever else. */
function objectOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A client may write what it likes here.
    return {};
  }
}

/** The signature of a version of this house, as its ONNX graph takes and gives it. */
export function signatureFields({ task, features, columns, target, targetOffset, classes }: Signature, answers: "float32" | "float64" = "float32"): ModelSignature {
  const wide = new Set((columns ?? []).flatMap(({ name, offset }) => (offset === undefined ? [] : [name])));
  const output = (name: string, type: string) => ({ name, type, required: true });
  return {
    inputs: features.map(({ name, type }) => ({ name, type: { number: `number (${wide.has(name) ? "float64" : "float32"})`, category: "category (string)", timestamp: "point in time (ISO 8601)" }[type], required: true })),
    outputs: task === "regression" ? [output(target, `number (${targetOffset === undefined ? answers : "float64"})`)] : [output(target, `one of ${(classes ?? []).join(", ")}`), output("probabilities", `${answers}[${classes?.length ?? "?"}]`)],
    params: [],
  };
}
