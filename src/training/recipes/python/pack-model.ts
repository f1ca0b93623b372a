import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { withoutDatabase } from "../../../config.ts";
import { invalid } from "../../../errors.ts";
import type { Signature } from "../../types.ts";
import type { TableFeature } from "../graph/input-plan.ts";

/** A model to pack: what `python/pack_model.py` reads. */
export interface PackRequest {
  /** The folder of an MLflow model, or a pickle. */
  readonly source: string;
  /** A folder that is not there yet. */
  readonly target: string;
  readonly kind: "mlflow" | "pickle";
  readonly signature: Signature;
  readonly features: readonly TableFeature[];
  readonly targetStored: string;
  readonly format: "parquet" | "csv";
  /** Some of the rows it was trained on, by column. */
  readonly rows: Readonly<Record<string, readonly (number | string | null)[]>>;
  /** The feature that is left out where the model does not use it. */
  readonly eventTime: string | null;
}

/** What was packed. */
export interface Packed {
  /** The features that the packed model takes. */
  readonly features: readonly string[];
  readonly python: { readonly executable: string; readonly version: string };
  readonly packages: Readonly<Record<string, string>>;
}

const program = fileURLToPath(new URL("../../../../python/pack_model.py", import.meta.url));
const keptErrors = 4000;

/**
 * Packs a model that only Python loads, in the Python that it was trained in, and tries it there. It runs what is in the model, as the command did that made it.
 *
 * @throws `training.no_python`, `training.no_mlflow`, `training.model_unreadable`, `training.model_signature`, `training.no_probabilities`
 */
export async function packModel(interpreter: string, { signature, features, targetStored, eventTime, ...request }: PackRequest, variables: Readonly<Record<string, string | undefined>> = {}): Promise<Packed> {
  const input = JSON.stringify({
    ...request,
    task: signature.task,
    classes: signature.classes ?? null,
    target_stored: targetStored,
    features: features.map(({ spec: { name, type }, stored }) => ({ name, type, stored })),
    event_time: eventTime,
    signature,
  });
  const child = spawn(interpreter, [program], { stdio: ["pipe", "pipe", "pipe"], env: { ...withoutDatabase(process.env), ...variables, PYTHONDONTWRITEBYTECODE: "1" } });
  let [said, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-keptErrors)));
  child.stdin.on("error", () => undefined); // Its end says why nobody reads.
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(invalid("training.no_python", `The command left a model that Python loads, and ${interpreter} cannot be started (${error.message}): name the Python by train.python, or leave an ONNX file`)));
    child.once("close", (exit) => resolve(exit));
  });
  const last = said.trimEnd().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw invalid("training.model_unreadable", `The Python ${interpreter} ended (${code ?? "by a signal"}) before it had tried the model; its last lines:\n${errors.trim().split("\n").slice(-6).join("\n")}`);
  const answer = JSON.parse(last) as Packed | { readonly error: string; readonly code: string };
  if ("error" in answer) throw invalid(answer.code, answer.error);
  return answer;
}
