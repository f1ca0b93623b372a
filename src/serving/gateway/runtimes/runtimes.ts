import { basename } from "node:path";
import { invalid } from "../../../errors.ts";
import { graphRuntime } from "./graph/graph-runtime.ts";
import { onnxRuntime } from "./onnx/onnx-runtime.ts";
import { proxyRuntime } from "./proxy/proxy-runtime.ts";
import { pythonRuntime } from "./python/python-runtime.ts";
import type { Runtime } from "./runtime.ts";

/** Every way the gateway can run a model. */
const runtimes: readonly Runtime[] = [onnxRuntime, pythonRuntime, graphRuntime, proxyRuntime];

/** The runtime for a model by its place (a path or a URL); `name` asks for one. */
export async function runtimeFor(location: string, name?: string): Promise<Runtime> {
  const names = runtimes.map((candidate) => candidate.name).join(", ");
  if (name !== undefined) {
    const named = runtimes.find((candidate) => candidate.name === name);
    if (named) return named;
    throw invalid("serving.no_runtime", `There is no runtime "${name}"; there is: ${names}.`);
  }
  for (const candidate of runtimes) if (await candidate.accepts(location)) return candidate;
  throw invalid(
    "serving.no_runtime",
    `No runtime takes the model "${basename(location)}" (${location}); there is: ${names}.`,
  );
}
