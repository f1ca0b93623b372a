import { describeError, invalid, MillraceError, notFound } from "../../../errors.ts";
import type { EndpointConfig, FallbackConfig, RuleConfig, StickyConfig, VariantConfig } from "../config/config.ts";
import type { TensorSpec } from "../runtimes/runtime.ts";
import type { UnknownInputs } from "../tensors/bind.ts";
import { namesOf } from "../tensors/matrix-columns.ts";
import type { Routes } from "../traffic/route.ts";
import { seedOf } from "../traffic/traffic.ts";
import type { HeldModel, ModelPool } from "./model-pool.ts";

export interface Variant extends VariantConfig {
  readonly held: HeldModel;
  /** What draws for it when traffic is dealt. */
  readonly seed: number;
}

/** One endpoint with its models held. They are given back when it is retired and its last request has ended. */
export class Endpoint implements Routes<Variant> {
  readonly name: string;
  readonly salt: string;
  readonly variants: readonly Variant[];
  /** The variant that stands for the endpoint where one must (metadata): the one with the most traffic. */
  readonly main: Variant;
  readonly sole: Variant | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly RuleConfig[] | undefined;
  readonly fallback: FallbackConfig | undefined;
  readonly sticky: StickyConfig | undefined;
  readonly hasShadows: boolean;
  /** Share of the answered requests that are logged. */
  readonly logShare: number;
  /** What becomes of inputs that no variant knows; as each model has it when absent. */
  readonly unknownInputs: UnknownInputs | undefined;
  #inputNames: ReadonlySet<string> = new Set();
  /** The inputs that these are the names of. */
  readonly #named: (readonly TensorSpec[] | undefined)[];
  #requests = 0;
  #retired = false;
  #given = false;
  #drained: PromiseWithResolvers<void> | undefined;
  readonly #freed = Promise.withResolvers<void>();

  constructor(config: EndpointConfig, variants: readonly Variant[]) {
    this.name = config.name;
    this.salt = config.salt;
    this.labels = config.labels ?? {};
    this.logShare = config.log?.share ?? 1;
    this.unknownInputs = config.unknownInputs;
    this.rules = config.rules;
    this.fallback = config.fallback;
    this.sticky = config.sticky;
    this.variants = variants;
    this.main = variants.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
    const weighted = variants.filter(({ weight }) => weight > 0);
    this.sole = weighted.length === 1 ? weighted[0] : undefined;
    this.hasShadows = variants.some(({ shadow }) => shadow);
    this.#named = variants.map(() => undefined);
  }

  /** Inputs of any variant, and columns of its matrix: what one variant does not know is no mistake while another one does. */
  get inputNames(): ReadonlySet<string> {
    let same = true;
    for (let at = 0; at < this.variants.length; at++) {
      const { inputs } = this.variants[at].held.model;
      if (this.#named[at] === inputs) continue;
      this.#named[at] = inputs;
      same = false;
    }
    if (!same) this.#inputNames = new Set(this.#named.flatMap((inputs) => namesOf(inputs!)));
    return this.#inputNames;
  }

  /** The variant of a name that the configuration is known to hold. */
  variant(name: string): Variant {
    return this.variants.find((variant) => variant.name === name)!;
  }

  /** The variant that serves a version; 404 with the versions there are. */
  version(version: string): Variant {
    const found =
      this.variants.find((variant) => variant.version === version && !variant.shadow) ??
      this.variants.find((variant) => variant.version === version);
    if (found) return found;
    const versions = [...new Set(this.variants.map((variant) => `"${variant.version}"`))].join(", ");
    throw notFound("serving.unknown_version", `Request for unknown model: '${this.name}' version ${version} is not found; there is: ${versions}.`);
  }

  /** The variant whose version bears a label; 404 with the labels there are. */
  labelled(label: string): Variant {
    if (Object.hasOwn(this.labels, label)) return this.version(this.labels[label]);
    const labels = Object.entries(this.labels).map(([name, version]) => `"${name}" (${version})`).join(", ");
    throw notFound("serving.unknown_label", `No version of "${this.name}" bears the label "${label}"; ${labels ? `there is: ${labels}` : "it has no labels"}.`);
  }

  /** Marks the beginning of a request; each needs its `leave`. */
  enter(): this {
    this.#requests++;
    return this;
  }

  leave(): void {
    this.#requests--;
    this.#settle();
  }

  /** Resolves when no request is under way. */
  drained(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    const { promise } = this.#drained;
    this.#settle();
    return promise;
  }

  /** Takes the endpoint out of service; resolves when its requests have ended and its models are given back. Safe to call again. */
  retire(): Promise<void> {
    this.#retired = true;
    this.#settle();
    return this.#freed.promise;
  }

  #settle(): void {
    if (this.#requests > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
    if (!this.#retired || this.#given) return;
    this.#given = true;
    this.#freed.resolve(Promise.all(this.variants.map(({ held }) => held.release())).then(() => undefined));
  }
}

/** What is served at one moment. */
export class Deployment {
  readonly revision: number;
  readonly endpoints: ReadonlyMap<string, Endpoint>;

  constructor(revision: number, endpoints: ReadonlyMap<string, Endpoint>) {
    this.revision = revision;
    this.endpoints = endpoints;
  }

  /** Whether every model that gets traffic could answer now. */
  healthy(): boolean {
    for (const { variants } of this.endpoints.values()) {
      if (variants.some(({ weight, held }) => weight > 0 && !held.model.healthy())) return false;
    }
    return true;
  }

  /** The endpoint of that name; 404 with the names there are. */
  endpoint(name: string): Endpoint {
    const endpoint = this.endpoints.get(name);
    if (endpoint) return endpoint;
    const names = [...this.endpoints.keys()].map((known) => `"${known}"`).join(", ");
    throw notFound("serving.unknown_model", `Request for unknown model: '${name}' is not found; ${names ? `there is: ${names}` : "none is deployed"}.`);
  }
}

/**
 * Loads every model of an endpoint; if one fails, gives the others back and fails with a sentence that names it. Models
 * in `keep` are not put out of memory to make room.
 */
export async function loadEndpoint(config: EndpointConfig, pool: ModelPool, keep: ReadonlySet<HeldModel["resident"]> = new Set()): Promise<Endpoint> {
  const variants: Variant[] = [];
  try {
    for (const variant of config.variants) {
      variants.push({ ...variant, seed: seedOf(variant.name), held: await holdModel(config, variant, pool, keep) });
    }
    return new Endpoint(config, variants);
  } catch (error) {
    await Promise.all(variants.map(({ held }) => held.release()));
    throw error;
  }
}

async function holdModel(endpoint: EndpointConfig, variant: VariantConfig, pool: ModelPool, keep: ReadonlySet<HeldModel["resident"]>): Promise<HeldModel> {
  try {
    return await pool.hold(variant, keep);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "serving.no_memory") throw error;
    throw invalid(
      "serving.load_failed",
      `Variant "${variant.name}" (version ${variant.version}) of "${endpoint.name}" cannot be loaded: ${describeError(error)}`,
      { endpoint: endpoint.name, variant: variant.name, version: variant.version, location: variant.location },
    );
  }
}
