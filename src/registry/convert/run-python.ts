import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { withoutDatabase } from "../../config.ts";
import { invalid } from "../../errors.ts";
import type { Evidence } from "../evidence.ts";

/** Values of one input of the graph, row by row. */
export interface Feed {
  readonly type: "float32" | "int64" | "string" | "bool";
  readonly rows: readonly (readonly unknown[])[];
}

/** What the Python program says it did; the example and its predictions are null when the model has no input example. */
export interface Made {
  readonly feeds: Readonly<Record<string, Feed>> | null;
  readonly predictions: readonly unknown[] | null;
  readonly probabilities: readonly (readonly number[])[] | null;
  readonly versions: Readonly<Record<string, string>>;
}

const program = fileURLToPath(new URL("../../../python/convert_sklearn.py", import.meta.url));

/**
 * Converts a scikit-learn model in a Python process of its own, which loads the model's pickle and so runs what is in it: only ever called by the
 * command line, for the user who typed the command. Throws `registry.conversion_failed` with what is missing or wrong.
 */
export async function convertSklearn(python: string, { format, signature }: Pick<Evidence, "format" | "signature">, folder: string, target: string, signal: AbortSignal): Promise<Made> {
  const flavor = format!.flavors["sklearn"];
  const request = {
    folder,
    model: flavor["pickled_model"] ?? "model.pkl",
    format: flavor["serialization_format"] ?? "pickle",
    trusted: JSON.parse(flavor["skops_trusted_types"] ?? "[]") as unknown,
    columns: (signature?.inputs ?? []).filter(({ name }) => name !== "").map(({ name, type }) => ({ name, type })),
    example: format!.inputExample,
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
