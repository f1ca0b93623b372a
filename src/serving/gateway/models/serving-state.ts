import { describeError, MillraceError } from "../../../errors.ts";
import type { EndpointConfig, GatewayConfig } from "../config/config.ts";
import type { GatewayLog } from "../gateway-log.ts";
import { Deployment, loadEndpoint } from "./deployment.ts";
import type { Endpoint } from "./deployment.ts";
import { checkCycles } from "./endpoint-steps.ts";
import type { ModelPool } from "./model-pool.ts";

/** How long the requests of a model may take to end, where it must leave before its successor finds room. */
const drainPatienceMs = 30_000;

/**
 * What is served now, and the way to the next: load first, swap in one step, free the old when its requests have ended.
 */
export class ServingState {
  readonly #pool: ModelPool;
  readonly #log: GatewayLog;
  readonly #onSwap: (next: Deployment) => void;
  #current = new Deployment(0, new Map());
  /** Endpoints that could not be served as the last configuration has them. */
  #failed: ReadonlySet<string> = new Set();
  readonly #paused = new Map<string, Promise<void>>();

  /** `onSwap` is told what is served from now on. */
  constructor(pool: ModelPool, log: GatewayLog, onSwap: (next: Deployment) => void) {
    this.#pool = pool;
    this.#log = log;
    this.#onSwap = onSwap;
  }

  get current(): Deployment {
    return this.#current;
  }

  /** Resolves when the endpoint takes requests again; undefined while it does. */
  paused(endpoint: string): Promise<void> | undefined {
    return this.#paused.get(endpoint);
  }

  /**
   * Serves the endpoints of a configuration and no others, each for itself: one that cannot be served goes on as it was, if it was served, and is
   * among those that come back with the reason. What could not be served the last time is tried when the others are served.
   */
  async serveAll({ revision, endpoints, withheld = {} }: GatewayConfig): Promise<ReadonlyMap<string, unknown>> {
    const refused = new Map<string, unknown>();
    const names = [...endpoints.map(({ name }) => name), ...Object.keys(withheld)];
    const failedBefore = this.#failed;
    const serve = async (some: readonly EndpointConfig[]): Promise<void> => {
      const loaded = new Map<string, Endpoint>();
      for (const config of some) {
        try {
          loaded.set(config.name, await this.#load(config));
        } catch (error) {
          refused.set(config.name, error);
        }
      }
      const old = this.#current.endpoints;
      const taken = await withoutCycles(loaded, old, names, refused);
      this.#swap(revision, inOrder(names, new Map([...old, ...taken])));
    };
    await serve(endpoints.filter(({ name }) => !failedBefore.has(name)));
    const again = endpoints.filter(({ name }) => failedBefore.has(name));
    if (again.length > 0) await serve(again);
    this.#failed = new Set(refused.keys());
    return refused;
  }

  /** Serves an endpoint in place of the one of its name, if any; the others go on. On failure nothing changes. */
  async serve(config: EndpointConfig, revision = this.#current.revision + 1): Promise<void> {
    const endpoint = await this.#load(config);
    const next = new Map([...this.#current.endpoints, [config.name, endpoint]]);
    try {
      checkCycles(next);
    } catch (error) {
      await endpoint.retire();
      throw error;
    }
    this.#swap(revision, next);
  }

  /** Lists the endpoints in this order from now on, whichever was loaded first; others come behind. */
  arrange(names: Iterable<string>): void {
    const { revision, endpoints } = this.#current;
    const known = [...names].flatMap((name): [string, Endpoint][] => (endpoints.has(name) ? [[name, endpoints.get(name)!]] : []));
    this.#current = new Deployment(revision, new Map([...known, ...endpoints]));
  }

  /** Takes an endpoint out of service; resolves when its requests have ended and its models are free. */
  async remove(name: string): Promise<void> {
    const endpoints = new Map(this.#current.endpoints);
    const endpoint = endpoints.get(name);
    endpoints.delete(name);
    this.#swap(this.#current.revision + 1, endpoints);
    await endpoint?.retire();
  }

  /** Frees the models when the last request has ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#current.endpoints.values()].map((endpoint) => endpoint.retire()));
  }

  #swap(revision: number, endpoints: ReadonlyMap<string, Endpoint>): void {
    const old = this.#current;
    this.#current = new Deployment(revision, endpoints);
    this.#onSwap(this.#current);
    for (const [name, endpoint] of old.endpoints) {
      if (endpoints.get(name) === endpoint) continue;
      endpoint.retire().catch((error: unknown) => this.#log.error(`a former version of "${name}" was not freed: ${describeError(error)}`));
    }
  }

  /** Loads an endpoint beside the one that is served; where there is no room for both, after that one has left. */
  async #load(config: EndpointConfig): Promise<Endpoint> {
    const old = this.#current.endpoints.get(config.name);
    const residents = (old?.variants ?? []).flatMap(({ held }) => held.resident ?? []);
    try {
      return await loadEndpoint(config, this.#pool, new Set(residents));
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === "serving.no_memory") || residents.length === 0) throw error;
      this.#log.warn(`no room for "${config.name}" beside what it replaces: its requests wait while they change places`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#paused.set(config.name, promise);
    try {
      await within(old!.drained(), drainPatienceMs);
      // The old comes back with its next request, should the new one fail.
      await Promise.all(residents.map((resident) => resident.yield()));
      return await loadEndpoint(config, this.#pool);
    } finally {
      // After the swap, which comes in the same turn of the event loop.
      setImmediate(() => {
        this.#paused.delete(config.name);
        resolve();
      });
    }
  }
}

/** The endpoints of these names, in their order, where there are any. */
const inOrder = (names: readonly string[], endpoints: ReadonlyMap<string, Endpoint>): ReadonlyMap<string, Endpoint> =>
  new Map(names.flatMap((name): [string, Endpoint][] => (endpoints.has(name) ? [[name, endpoints.get(name)!]] : [])));

/** Those of the loaded endpoints with which none asks itself; the others are given back, and refused. */
async function withoutCycles(loaded: ReadonlyMap<string, Endpoint>, old: ReadonlyMap<string, Endpoint>, names: readonly string[], refused: Map<string, unknown>): Promise<ReadonlyMap<string, Endpoint>> {
  if (cycleIn(inOrder(names, new Map([...old, ...loaded]))) === undefined) return loaded;
  const taken = new Map<string, Endpoint>();
  for (const [name, endpoint] of loaded) {
    const cycle = cycleIn(inOrder(names, new Map([...old, ...taken, [name, endpoint]])));
    if (cycle === undefined) taken.set(name, endpoint);
    else {
      refused.set(name, cycle);
      await endpoint.retire();
    }
  }
  return taken;
}

function cycleIn(endpoints: ReadonlyMap<string, Endpoint>): MillraceError | undefined {
  try {
    checkCycles(endpoints);
    return undefined;
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

/** Resolves with `done`, or after `milliseconds`. */
async function within(done: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([done, late]);
  clearTimeout(timer);
}
