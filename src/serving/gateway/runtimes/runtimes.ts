import { extname } from "node:path";
import { invalid } from "../../../errors.ts";
import { onnxRuntime } from "./onnx/onnx-runtime.ts";
import type { Runtime } from "./runtime.ts";

/** Every way the gateway can run a model. */
export const runtimes: readonly Runtime[] = [onnxRuntime];

/** The runtime for a model file, by its name. */
export function runtimeFor(file: string): Runtime {
  const runtime = runtimes.find((candidate) => candidate.accepts(file));
  if (runtime) return runtime;
  const names = runtimes.map((candidate) => candidate.name).join(", ");
  throw invalid(
    "serving.no_runtime",
    `No runtime takes model files that end in "${extname(file)}" (${file}); there is: ${names}.`,
  );
}
