import { readFile, stat } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { describeError, invalid } from "../../../errors.ts";
import type { Model } from "../runtimes/runtime.ts";
import { bindInputs } from "../tensors/bind.ts";
import { namesOf } from "../tensors/matrix-columns.ts";
import type { Input } from "../tensors/input.ts";

/** Reads the tensors of an infer request as JSON. */
export type ReadSample = (request: Buffer) => readonly Input[];

/**
 * The infer requests beside a model, a list or one: `warmup.json` in a model's folder or beside a file named `model.*`,
 * `trips.warmup.json` beside `trips.onnx`.
 */
export async function samplesBeside(location: string): Promise<readonly unknown[]> {
  if (/^[a-z]+:\/\//.test(location)) return [];
  const { name } = parse(location);
  const file = (await stat(location)).isDirectory()
    ? join(location, "warmup.json")
    : join(dirname(location), name === "model" ? "warmup.json" : `${name}.warmup.json`);
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return Array.isArray(value) ? value : [value];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw invalid("serving.warmup_failed", `Cannot read ${file}: ${describeError(error)}.`, { file });
  }
}

/** Has a model answer samples before clients ask it. Fails with `serving.warmup_failed`, which names the sample. */
export async function warmUp(model: Model, samples: readonly unknown[], read: ReadSample): Promise<void> {
  for (const [index, sample] of samples.entries()) {
    try {
      const tensors = read(Buffer.from(JSON.stringify(sample)));
      await model.run(bindInputs(tensors, model, new Set(namesOf(model.inputs))).inputs);
    } catch (error) {
      throw invalid("serving.warmup_failed", `The model does not answer sample ${index + 1} of its warm-up: ${describeError(error)}`);
    }
  }
}
