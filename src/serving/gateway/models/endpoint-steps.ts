import { MillraceError } from "../../../errors.ts";
import type { EndpointRef, Endpoints, TensorSpec } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";
import type { Deployment, Endpoint, Variant } from "./deployment.ts";

/** Scores tensors at an endpoint; fails as an inference request does. */
export type AskEndpoint = (ref: EndpointRef, tensors: readonly Tensor[]) => Promise<readonly Tensor[]>;

/** The endpoints that are served, for models which are made of them. */
export const endpointSteps = (deployment: () => Deployment, ask: AskEndpoint): Endpoints => ({
  served: deployment,
  step(ref) {
    const variants = answering(deployment(), ref);
    for (const { held } of variants) {
      const reason = held.model.waitsFor?.();
      if (reason !== undefined) throw notReady(`"${ref.endpoint}" is not ready: ${reason}`);
    }
    // The first stands for all; what the others take besides may be left out.
    const [main, ...others] = variants.map(({ held }) => held.model);
    const names = new Set(main.inputs.map(({ name }) => name));
    const more = others.flatMap(({ inputs }) => inputs).filter(({ name }) => !names.has(name) && names.add(name));
    return {
      model: {
        inputs: [...main.inputs, ...more.map((spec) => ({ ...spec, optional: true }))],
        outputs: main.outputs,
        rowwise: variants.every(({ held }) => held.model.rowwise),
        independentRows: variants.every(({ held }) => held.model.independentRows),
        healthy: () => variants.every(({ held }) => held.model.healthy()),
      },
      score: async (tensors) => {
        // It may have gone since.
        answering(deployment(), ref);
        const outputs = await ask(ref, tensors);
        return others.length === 0 ? outputs : inOrder(outputs, main.outputs, ref);
      },
    };
  },
});

/** The variants that may answer, the one with the most traffic first. */
function answering({ endpoints }: Deployment, { endpoint: name, version, label }: EndpointRef): readonly Variant[] {
  const endpoint = endpoints.get(name);
  if (!endpoint) throw notReady(`there is no endpoint "${name}"; there is: ${[...endpoints.keys()].join(", ") || "none"}`);
  if (version === undefined && label === undefined) return endpoint.variants.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight);
  const wanted = version ?? endpoint.labels[label!];
  if (!endpoint.variants.some((variant) => variant.version === wanted)) throw notReady(`"${name}" has no ${version === undefined ? `label "${label}"` : `version "${version}"`}${served(endpoint)}`);
  return [endpoint.version(wanted)];
}

const served = ({ variants, labels }: Endpoint): string =>
  `; it has ${[...new Set(variants.map(({ version }) => `version "${version}"`)), ...Object.keys(labels).map((label) => `label "${label}"`)].join(", ")}`;

const notReady = (sentence: string) => new MillraceError("serving.step_not_ready", 503, sentence);

/** Variants may give their outputs in another order. */
const inOrder = (outputs: readonly Tensor[], specs: readonly TensorSpec[], { endpoint }: EndpointRef): readonly Tensor[] =>
  specs.map(({ name }) => {
    const output = outputs.find((tensor) => tensor.name === name);
    if (output) return output;
    throw new Error(`a variant of "${endpoint}" gives no "${name}"; its variants must give the same outputs to be a step`);
  });

/** Fails with `serving.endpoint_cycle` where an endpoint asks itself by way of others. */
export function checkCycles(endpoints: ReadonlyMap<string, Endpoint>): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    const from = path.indexOf(name);
    if (from >= 0) {
      throw new MillraceError("serving.endpoint_cycle", 400, `The endpoint "${name}" would ask itself: ${[...path.slice(from), name].join(" → ")}; a graph may only ask endpoints that do not come back to it.`);
    }
    if (done.has(name)) return;
    const asked = endpoints.get(name)?.variants.flatMap(({ held }) => held.model.endpoints ?? []) ?? [];
    for (const next of new Set(asked)) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of endpoints.keys()) visit(name, []);
}
