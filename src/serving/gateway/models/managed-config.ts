import { join } from "node:path";
import { describeError, MillraceError } from "../../../errors.ts";
import { readConfig } from "../config/config-file.ts";
import type { EndpointConfig, GatewayConfig } from "../config/config.ts";
import { sealed } from "../config/sealed.ts";
import { writeDurably } from "../durable-file.ts";
import type { GatewayLog } from "../gateway-log.ts";
import type { ServingState } from "./serving-state.ts";

/** By endpoint: why it is not served as it should be, and the HTTP status of that failure. */
export type Refusals = Readonly<Record<string, { readonly message: string; readonly status: number }>>;

/** Follows the configuration that a control plane writes into the home folder. */
export class ManagedConfig {
  readonly #configFile: string;
  readonly #lastGoodFile: string;
  readonly #state: ServingState;
  readonly #log: GatewayLog;
  #loaded = false;
  #error: string | null = null;
  #refusals: Refusals = {};
  /** Endpoints that this process found deployed when it started, and has never served. */
  #missing: ReadonlySet<string> = new Set();
  /** What is served, as the configuration that it came from says it. */
  #served: ReadonlyMap<string, EndpointConfig> = new Map();
  #last: Promise<void> = Promise.resolve();

  constructor(home: string, state: ServingState, log: GatewayLog) {
    this.#configFile = join(home, "gateway", "config.json");
    this.#lastGoodFile = join(home, "gateway", "last-good.json");
    this.#state = state;
    this.#log = log;
  }

  /** True once a configuration has been loaded. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Why `config.json` as it was last read is not what is served; null when it is. */
  get error(): string | null {
    return this.#error;
  }

  /** Endpoints that are not served as `config.json` says, and why. */
  get refusals(): Refusals {
    return this.#refusals;
  }

  /**
   * Whether an endpoint that was deployed when this process started cannot be served at all: whoever sends requests must know. A deployment that is refused
   * later changes nothing, and is taken back.
   */
  get incomplete(): boolean {
    return this.#missing.size > 0;
  }

  /** Serves `config.json`, and what of it cannot be served as it was served last; without either, waits for a reload. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        const lastGood = await readConfig(this.#lastGoodFile).catch(() => undefined);
        await this.#serve(this.#configFile, lastGood?.endpoints);
        this.#missing = new Set(Object.keys(this.#refusals).filter((name) => !this.#served.has(name)));
        return;
      } catch (error) {
        this.#log.warn(`cannot serve ${this.#configFile}: ${describeError(error)}`);
      }
      try {
        await this.#serve(this.#lastGoodFile);
      } catch (error) {
        this.#log.warn(`cannot serve ${this.#lastGoodFile} either, waiting for a reload: ${describeError(error)}`);
      }
    });
  }

  /**
   * Reads the configuration again and serves it, each endpoint for itself (`refusals` has those that cannot be served and go on as they were). On failure,
   * where it cannot be read, everything goes on as it was. One reload at a time.
   */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#serve(this.#configFile);
      } catch (error) {
        this.#log.error(`reload failed, still serving revision ${this.#state.current.revision}: ${describeError(error)}`);
        throw error;
      }
    });
  }

  /** Resolves when no change is under way. */
  async stop(): Promise<void> {
    await this.#last;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // whoever asked for it hears of the failure
    return done;
  }

  /** `lastGood`: what to serve in the place of endpoints that cannot be served and are not. */
  async #serve(file: string, lastGood: readonly EndpointConfig[] = []): Promise<void> {
    let config: GatewayConfig;
    try {
      config = await readConfig(file);
    } catch (error) {
      if (file === this.#configFile) this.#error = describeError(error);
      throw error;
    }
    const refused = await this.#state.serveAll(config);
    const served = new Map<string, EndpointConfig>();
    for (const endpoint of config.endpoints) {
      const known = refused.has(endpoint.name) ? this.#served.get(endpoint.name) : endpoint;
      if (known) served.set(endpoint.name, known);
    }
    const withheld = Object.entries(config.withheld ?? {});
    for (const [name] of withheld) if (this.#served.has(name)) served.set(name, this.#served.get(name)!);
    for (const name of [...refused.keys(), ...withheld.map(([one]) => one)]) {
      const known = served.has(name) ? undefined : lastGood.find((endpoint) => endpoint.name === name);
      if (known && (await this.#serveAgain(known, config.revision))) served.set(name, known);
    }
    for (const [name, error] of refused) this.#log.error(`"${name}" is not served as revision ${config.revision} says${served.has(name) ? ", and goes on as it was" : ""}: ${describeError(error)}`);
    this.#served = served;
    this.#refusals = Object.fromEntries([
      ...withheld.map(([name, message]) => [name, { message, status: 500 }] as const),
      ...[...refused].map(([name, error]) => [name, { message: describeError(error), status: error instanceof MillraceError ? error.status : 500 }] as const),
    ]);
    this.#missing = new Set([...this.#missing].filter((name) => Object.hasOwn(this.#refusals, name) && !served.has(name)));
    this.#loaded = true;
    this.#log.info(`serving revision ${config.revision}`, { revision: config.revision, file });
    if (file !== this.#configFile) return;
    this.#error = null;
    await this.#remember({ revision: config.revision, endpoints: [...served.values()] });
  }

  /** Serves an endpoint as it was served before this process; whether that worked. */
  async #serveAgain(endpoint: EndpointConfig, revision: number): Promise<boolean> {
    try {
      await this.#state.serve(endpoint, revision);
      return true;
    } catch (error) {
      this.#log.error(`"${endpoint.name}" cannot be served as it was either: ${describeError(error)}`);
      return false;
    }
  }

  /**
   * The gateway restarts without the control plane, so what worked is kept apart from what the control plane wrote
   * last.
   */
  async #remember(config: GatewayConfig): Promise<void> {
    try {
      await writeDurably(this.#lastGoodFile, sealed(config));
    } catch (error) {
      this.#log.error(`cannot write ${this.#lastGoodFile}: ${describeError(error)}`);
    }
  }
}
