import { describeError, invalid } from "../../../errors.ts";
import type { EndpointConfig, GatewayConfig, VariantConfig } from "../config/config.ts";
import type { HeldModel, ModelPool } from "./model-pool.ts";

export interface Variant extends VariantConfig {
  readonly held: HeldModel;
}

export interface Endpoint {
  readonly name: string;
  readonly salt: string;
  readonly variants: readonly Variant[];
  /** The variant that stands for the endpoint where one must (metadata): the one with the most traffic. */
  readonly main: Variant;
  /** Inputs of any variant: what one variant does not know is no mistake while another one does. */
  readonly inputNames: ReadonlySet<string>;
}

/**
 * One revision of the configuration with its models in memory. Freed when it is retired and its last request has
 * ended.
 */
export class Deployment {
  readonly revision: number;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  #requests = 0;
  #retired = false;
  #freed = Promise.withResolvers<void>();

  constructor(revision: number, endpoints: readonly Endpoint[]) {
    this.revision = revision;
    this.endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
  }

  /** Marks the beginning of a request; each needs its `leave`. */
  enter(): this {
    this.#requests++;
    return this;
  }

  leave(): void {
    this.#requests--;
    this.#freeIfUnused();
  }

  /** Whether every model that gets traffic could answer now. */
  healthy(): boolean {
    for (const { variants } of this.endpoints.values()) {
      if (variants.some(({ weight, held }) => weight > 0 && !held.model.healthy())) return false;
    }
    return true;
  }

  /** Takes the deployment out of service; resolves when its requests have ended and its models are released. */
  retire(): Promise<void> {
    this.#retired = true;
    this.#freeIfUnused();
    return this.#freed.promise;
  }

  #freeIfUnused(): void {
    if (!this.#retired || this.#requests > 0) return;
    const held = [...this.endpoints.values()].flatMap(({ variants }) => variants.map((variant) => variant.held));
    this.#freed.resolve(Promise.all(held.map((model) => model.release())).then(() => undefined));
  }
}

/** Loads every model of a configuration; if one fails, releases the others and fails with a sentence that names it. */
export async function loadDeployment(config: GatewayConfig, pool: ModelPool): Promise<Deployment> {
  const held: HeldModel[] = [];
  try {
    const endpoints: Endpoint[] = [];
    for (const endpoint of config.endpoints) {
      const variants: Variant[] = [];
      for (const variant of endpoint.variants) {
        const model = await holdModel(endpoint, variant, pool);
        held.push(model);
        variants.push({ ...variant, held: model });
      }
      endpoints.push({
        name: endpoint.name,
        salt: endpoint.salt,
        variants,
        main: variants.reduce((best, variant) => (variant.weight > best.weight ? variant : best)),
        inputNames: new Set(variants.flatMap(({ held }) => held.model.inputs.map((input) => input.name))),
      });
    }
    return new Deployment(config.revision, endpoints);
  } catch (error) {
    await Promise.all(held.map((model) => model.release()));
    throw error;
  }
}

async function holdModel(endpoint: EndpointConfig, variant: VariantConfig, pool: ModelPool): Promise<HeldModel> {
  try {
    return await pool.hold(variant);
  } catch (error) {
    throw invalid(
      "serving.load_failed",
      `Variant "${variant.name}" (version ${variant.version}) of "${endpoint.name}" cannot be loaded: ${describeError(error)}`,
      { endpoint: endpoint.name, variant: variant.name, version: variant.version, location: variant.location },
    );
  }
}
