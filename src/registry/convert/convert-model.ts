import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { withoutDatabase } from "../../config.ts";
import { invalid } from "../../errors.ts";
import type { Evidence } from "../evidence.ts";

/** Values of one input of a graph, row by row: "NaN", "Infinity" and integers beyond 2^53 as text. */
export interface Feed {
  readonly type: "float32" | "int64" | "string" | "bool";
  readonly rows: readonly (readonly unknown[])[];
}

/** A graph that may stand for the model. */
export interface Candidate {
  readonly file: string;
  readonly feeds: Readonly<Record<string, Feed>>;
  /** The names of the model's columns, in the order of the matrix where the graph takes one. */
  readonly columns: readonly string[];
  /** What was put right that its converter leaves out or does otherwise. */
  readonly mended: readonly string[];
  /** For each output of the graph, which of the model's answers it must equal. */
  readonly outputs: readonly number[];
}

/** What one method of the model answers to the rows. */
export interface Answer {
  readonly method: string;
  readonly kind: "label" | "number";
  /** What differences are measured by; null: the greatest answer to the example. */
  readonly scale: number | null;
  /** Whether its two columns are one score, with the sign turned and as it is: a graph may give both or the second. */
  readonly sided: boolean;
  /** A list for each row. */
  readonly values: readonly (readonly unknown[])[];
}

/** What the Python program says it did. */
export interface Made {
  /** The likeliest first. */
  readonly candidates: readonly Candidate[];
  /** What kind of row each is; "the example" for those of the input example, which come first. */
  readonly rows: readonly string[];
  readonly answers: readonly Answer[];
  /** How far the winning class is before the next, by the model's own scores; null where it has none. */
  readonly margins: readonly (number | null)[];
  /** Numbers of rows that are to be asked together. */
  readonly batches: readonly number[];
  /** What the model itself says of rows that it does not take → how many. */
  readonly refused: Readonly<Record<string, number>>;
  /** Rows of the example that the model itself answers otherwise when their numbers are rounded to float32. */
  readonly rounded: number;
  /** Made rows that were left out because the table is wide. */
  readonly left: number;
  /** Sentences about errors of converters that this model may have met. */
  readonly suspects: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

/** The flavors of MLflow that can be converted, the one to load by first. */
export const convertible = ["sklearn", "lightgbm", "xgboost", "catboost"] as const;

const program = fileURLToPath(new URL("../../../python/convert_model.py", import.meta.url));

/**
 * Converts a model in a Python process of its own, which loads the model's pickle and so runs what is in it: only ever called by the
 * command line, for the user who typed the command. `target` is a folder for graphs; `extremes` says whether numbers far beyond the example
 * are tried. Throws `registry.conversion_failed` with what is missing or wrong.
 */
export async function convertModel(python: string, { format, signature }: Pick<Evidence, "format" | "signature">, folder: string, target: string, extremes: boolean, signal: AbortSignal): Promise<Made> {
  const flavor = convertible.find((name) => format!.flavors[name])!;
  const facts = format!.flavors[flavor];
  const request = {
    folder,
    model: facts["pickled_model"] ?? facts["data"] ?? "model.pkl",
    flavor,
    format: facts["serialization_format"] ?? facts["save_format"] ?? "pickle",
    class: facts["model_class"] ?? facts["model_type"] ?? null,
    trusted: JSON.parse(facts["skops_trusted_types"] ?? "[]") as unknown,
    columns: (signature?.inputs ?? []).filter(({ name }) => name !== "").map(({ name, type }) => ({ name, type })),
    example: format!.inputExample,
    extremes,
    target,
  };
  const answer = JSON.parse(await runScript(python, JSON.stringify(request), signal)) as Made & { readonly error?: string };
  if (answer.error !== undefined) throw invalid("registry.conversion_failed", answer.error);
  return answer;
}

/** The last line that the program writes. */
async function runScript(python: string, input: string, signal: AbortSignal): Promise<string> {
  const child = spawn(python, [program], { stdio: ["pipe", "pipe", "pipe"], env: withoutDatabase(process.env), signal });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (err = (err + part).slice(-4000)));
  child.stdin.on("error", () => undefined).end(input); // A program that is not there reads nothing; its end says why.
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(signal.aborted ? error : invalid("registry.conversion_failed", `${python} cannot be started (${error.message}): name a Python with --python`)));
    child.once("close", resolve);
  });
  const last = out.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 || !last.startsWith("{")) throw invalid("registry.conversion_failed", `${python} ended with ${code === null ? "a signal" : `exit code ${code}`} before the model was converted: ${err.trim().split("\n").at(-1) ?? ""}`);
  return last;
}
