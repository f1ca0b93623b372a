import { join } from "node:path";
import { describeError } from "../../../errors.ts";
import { readConfig } from "../config/config-file.ts";
import type { GatewayConfig } from "../config/config.ts";
import { writeDurably } from "../durable-file.ts";
import type { GatewayLog } from "../gateway-log.ts";
import type { ServingState } from "./serving-state.ts";

/** Follows the configuration that a control plane writes into the home folder. */
export class ManagedConfig {
  readonly #configFile: string;
  readonly #lastGoodFile: string;
  readonly #state: ServingState;
  readonly #log: GatewayLog;
  #loaded = false;
  #error: string | null = null;
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

  /** Serves `config.json`, or if that cannot be served what was served last; without either, waits for a reload. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#serve(this.#configFile);
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
   * Reads the configuration again and serves it; on failure goes on with the revision served so far. One reload at a
   * time.
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

  async #serve(file: string): Promise<void> {
    let config: GatewayConfig;
    try {
      config = await readConfig(file);
      await this.#state.serveAll(config);
    } catch (error) {
      if (file === this.#configFile) this.#error = describeError(error);
      throw error;
    }
    this.#loaded = true;
    this.#log.info(`serving revision ${config.revision}`, { revision: config.revision, file });
    if (file !== this.#configFile) return;
    this.#error = null;
    await this.#remember(config);
  }

  /**
   * The gateway restarts without the control plane, so what worked is kept apart from what the control plane wrote
   * last.
   */
  async #remember(config: GatewayConfig): Promise<void> {
    try {
      await writeDurably(this.#lastGoodFile, JSON.stringify(config));
    } catch (error) {
      this.#log.error(`cannot write ${this.#lastGoodFile}: ${describeError(error)}`);
    }
  }
}
