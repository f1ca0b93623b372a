import { existsSync } from "node:fs";
import { isAbsolute, join, normalize, resolve, sep } from "node:path";
import { conflict, describeError, MillraceError, notFound } from "../../../errors.ts";
import { readModelsFile } from "../config/models-file.ts";
import type { ModelConfig } from "../config/models-file.ts";
import { writeDurably } from "../durable-file.ts";
import type { GatewayLog } from "../gateway-log.ts";
import { findVersions, modelsIn } from "./find-versions.ts";
import type { FoundVersion } from "./find-versions.ts";
import { defaultVersion, modelEndpoint, servedVersion, wantedVersions, withoutMissing } from "./model-endpoint.ts";
import type { ModelRepository, ModelSource, VersionState, VersionStatus } from "./repository.ts";
import type { UnknownInputs } from "../tensors/bind.ts";
import type { ServingState } from "./serving-state.ts";

export interface OwnModels {
  /** Models that the operator named; they win over what clients changed before the start. */
  readonly models: ReadonlyMap<string, ModelConfig>;
  /** A folder whose folders are models. */
  readonly repository?: string;
  /** Folders from which clients may load, too. */
  readonly places?: readonly string[];
  /** How often that folder is looked at for new models and versions; never when absent. */
  readonly pollSeconds?: number;
  /** Clients may load from any path and URL, not from that folder alone. A model may be a program: so may run anything. */
  readonly anyPlace?: boolean;
  /** What becomes of inputs that a model does not know, where its configuration says nothing. */
  readonly unknownInputs?: UnknownInputs;
}

/** What is known of a model. */
interface Known {
  config: ModelConfig;
  /** On disk, when last looked at. */
  found: readonly FoundVersion[];
  /** Served now. */
  served: readonly FoundVersion[];
  /** Under way: these versions come or go. */
  changing: ReadonlyMap<string, VersionState>;
  /** Why the last change failed; "" when it did not. */
  reason: string;
}

/** The models of a gateway that runs alone, kept in `<home>/gateway/models.json` as clients change them. */
export class OwnRepository implements ModelRepository {
  readonly #file: string;
  readonly #own: OwnModels;
  readonly #state: ServingState;
  readonly #log: GatewayLog;
  readonly #known = new Map<string, Known>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #started = false;

  constructor(home: string, own: OwnModels, state: ServingState, log: GatewayLog) {
    this.#file = join(home, "gateway", "models.json");
    this.#own = own;
    this.#state = state;
    this.#log = log;
  }

  /** True once what was there at the start has been loaded. */
  get loaded(): boolean {
    return this.#started;
  }

  /** Serves what there is. Fails when a model that the operator named does not load; others may, and say why. */
  async start(): Promise<void> {
    const kept = await readModelsFile(this.#file).catch((error: { cause?: unknown; message: string }) => {
      if (!error.message.includes("ENOENT")) this.#log.warn(`what clients changed before is not known: ${error.message}`);
      return new Map<string, ModelConfig>();
    });
    const inFolder = await this.#inFolder();
    const configured = [...inFolder].filter(([, { places }]) => existsSync(join(places[0].location, "config.pbtxt"))).map(([name]) => name);
    if (configured.length > 0) this.#log.info(`config.pbtxt is not read (of ${configured.join(", ")}); --models-file says what it would`);
    const names = new Set([...inFolder.keys(), ...kept.keys(), ...this.#own.models.keys()]);
    const results = await Promise.allSettled(
      [...names].map((name) =>
        this.#inTurn(name, async () => {
          const named = this.#own.models.get(name);
          if (named) return this.#serve(name, named);
          return this.#refresh(name, (kept.get(name) ?? inFolder.get(name))!);
        }),
      ),
    );
    for (const [index, name] of [...names].entries()) {
      const result = results[index];
      if (result.status === "fulfilled") continue;
      if (this.#own.models.has(name)) throw result.reason;
      this.#log.error(`"${name}" is not served: ${describeError(result.reason)}`);
    }
    this.#state.arrange(names);
    this.#started = true;
    const { pollSeconds, repository } = this.#own;
    if (pollSeconds !== undefined && repository !== undefined) this.#poll(pollSeconds * 1000);
  }

  /** Ends the polling; resolves when no change is under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.allSettled(this.#turns.values());
    await this.#saving;
  }

  index(): readonly VersionStatus[] {
    return [...this.#known].flatMap(([name, { config, found, served, changing, reason }]) => {
      const main = defaultVersion(config, served);
      const versions = found.length > 0 ? found : [{ version: "", location: config.places.at(-1)?.location ?? "" }];
      return versions.map(({ version, location }) => {
        const ready = served.some((one) => one.version === version);
        const waits = ready ? this.#waitsFor(name, version) : undefined;
        const state = changing.get(version) ?? (ready && waits === undefined ? "READY" : "UNAVAILABLE");
        return {
          name,
          version,
          state,
          reason: state === "READY" ? "" : waits || reason || (state === "UNAVAILABLE" ? "unloaded" : ""),
          isDefault: version === main,
          location,
          options: { ...config.options, ...(config.instances?.[version] !== undefined && { instances: config.instances[version] }) },
        };
      });
    });
  }

  /** What a version that is served waits for. */
  #waitsFor(name: string, version: string): string | undefined {
    const variant = this.#state.current.endpoints.get(name)?.variants.find((one) => one.version === version);
    return variant?.held.model.waitsFor?.();
  }

  load(source: ModelSource): Promise<void> {
    const { name } = source;
    return this.#change(name, async () => this.#serve(name, await this.#sourced(source)));
  }

  unload(name: string, version?: string): Promise<void> {
    return this.#change(name, async () => {
      if (version === undefined && this.#known.get(name)?.config.unloaded === true) return; // asked twice, or by two clients
      const known = this.#get(name);
      const { config, served } = known;
      if (version !== undefined) servedVersion(served, version);
      const left = version === undefined ? [] : served.filter((one) => one.version !== version);
      const before = Array.isArray(config.unloaded) ? (config.unloaded as readonly string[]) : [];
      const unloaded = left.length === 0 ? true : [...before, version!];
      await this.#serve(name, withoutMissing({ ...config, unloaded }, left), known.found);
    });
  }

  setDefault(name: string, version: string): Promise<void> {
    return this.#change(name, async () => {
      const { config, served, found } = this.#get(name);
      const { weights: _, ...rest } = config;
      await this.#serve(name, { ...rest, default: servedVersion(served, version) }, found);
    });
  }

  scale(name: string, version: string | undefined, instances: number): Promise<void> {
    return this.#change(name, async () => {
      const { config, served, found } = this.#get(name);
      const of = servedVersion(served, version ?? defaultVersion(config, served) ?? "");
      await this.#serve(name, { ...config, instances: { ...config.instances, [of]: instances } }, found);
    });
  }

  async replace(sources: readonly ModelSource[]): Promise<void> {
    const names = new Set(sources.map(({ name }) => name));
    const gone = [...this.#known.keys()].filter((name) => !names.has(name));
    const loads = await Promise.allSettled(
      sources.map((source) => this.#change(source.name, async () => this.#serve(source.name, await this.#sourced(source, true)))),
    );
    const failed = loads.find((load) => load.status === "rejected");
    if (failed) throw failed.reason;
    await Promise.all(gone.map((name) => this.#change(name, () => this.#forget(name))));
  }

  /** What a client asks for, as a change of what is known; a model without a place may have come into the repository folder since it was looked at. */
  async #sourced(source: ModelSource, whole = false): Promise<ModelConfig> {
    const { name, version, runtime, options, versions, labels } = source;
    const location = source.location === undefined ? undefined : this.#allowed(source.location);
    const known = this.#known.get(name);
    const fresh = location === undefined && !known ? (await this.#inFolder()).get(name) : undefined;
    if (location === undefined && !known && !fresh) throw unknownModel(name, [...this.#known.keys()]);
    const more = { ...(runtime !== undefined && { runtime }), ...(options && { options }), ...(versions && { versions }), ...(labels && { labels }) };
    const { unloaded, ...config } = known?.config ?? fresh ?? { places: [] };
    if (location === undefined) {
      // A version that was unloaded comes back; without one, all of them.
      const left = version !== undefined && Array.isArray(unloaded) ? unloaded.filter((one) => one !== version) : [];
      const wanted = version !== undefined && (unloaded === true || fresh) ? { versions: { specific: [version] } } : {};
      return { ...config, ...wanted, ...more, ...(left.length > 0 && { unloaded: left }) };
    }
    const place = { location, ...(version !== undefined && { version }) };
    if (whole || version === undefined || !known) return { places: [place], ...more };
    if (known.served.some((one) => one.version === version)) {
      throw conflict("serving.already_loaded", `Version "${version}" of "${name}" is loaded already; unload it first, or load this one under another version.`);
    }
    // One more version of a model that is served: the others stay, and the default with them.
    const main = defaultVersion(known.config, known.served);
    const places = [...config.places.filter((one) => one.version !== version), place];
    return { ...config, ...more, places, versions: versions ?? { specific: [...known.served.map((one) => one.version), version] }, ...(main !== undefined && { default: main }) };
  }

  /** The place that a client names, where it may; a relative one lies in the repository folder. */
  #allowed(location: string): string {
    const { repository, places = [], anyPlace } = this.#own;
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
    const place = url || repository === undefined ? location : resolve(repository, location);
    const folders = repository === undefined ? places : [repository, ...places];
    const inside = !url && isAbsolute(place) && folders.some((folder) => normalize(place).startsWith(`${folder}${sep}`));
    if (anyPlace || inside) return place;
    throw new MillraceError(
      "serving.place_forbidden",
      403,
      `Clients may load models by name${repository === undefined ? "" : " or from the model repository"} only, not from ${location}; the operator may allow any place with --allow-any-place.`,
    );
  }

  /** Serves a model as `config` says, and remembers it; on failure what was served stays. `found` spares a look at the disk. */
  async #serve(name: string, config: ModelConfig, found?: readonly FoundVersion[]): Promise<void> {
    const before = this.#known.get(name);
    const known: Known = before ?? { config, found: [], served: [], changing: new Map(), reason: "" };
    this.#known.set(name, known);
    try {
      const versions = found ?? (await versionsOf(config));
      const wanted = wantedVersions(config, versions);
      const was = known.served;
      known.found = versions;
      known.changing = new Map([
        ...wanted.filter(({ version }) => !was.some((one) => one.version === version)).map(({ version }) => [version, "LOADING"] as const),
        ...was.filter(({ version }) => !wanted.some((one) => one.version === version)).map(({ version }) => [version, "UNLOADING"] as const),
      ]);
      if (wanted.length > 0) await this.#state.serve(modelEndpoint(name, { unknownInputs: this.#own.unknownInputs, ...config }, wanted));
      else if (was.length > 0) await this.#state.remove(name);
      Object.assign(known, { config, served: wanted, reason: "" });
    } catch (error) {
      known.reason = describeError(error);
      throw error;
    } finally {
      known.changing = new Map();
    }
  }

  async #forget(name: string): Promise<void> {
    await this.#state.remove(name);
    this.#known.delete(name);
  }

  #get(name: string): Known {
    const known = this.#known.get(name);
    if (!known) throw unknownModel(name, [...this.#known.keys()]);
    if (known.served.length > 0) return known;
    throw notFound("serving.unknown_model", `"${name}" is not loaded; load it first.`);
  }

  /** A change by a client: in its model's turn, and kept for the next start. */
  #change(name: string, work: () => Promise<void>): Promise<void> {
    return this.#inTurn(name, async () => {
      await work();
      await this.#save();
      this.#log.info(`"${name}" has changed`, { model: name, versions: this.#known.get(name)?.served.map(({ version }) => version) ?? [] });
    });
  }

  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    const turn = done
      .catch(() => undefined) // whoever asked for it hears of the failure
      .finally(() => {
        if (this.#turns.get(name) === turn) this.#turns.delete(name);
      });
    this.#turns.set(name, turn);
    return done;
  }

  #save(): Promise<void> {
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(() => writeDurably(this.#file, JSON.stringify({ models: Object.fromEntries([...this.#known].filter(([, { config, served }]) => served.length > 0 || config.unloaded).map(([name, { config }]) => [name, config])) }, null, 2)));
    return this.#saving;
  }

  async #inFolder(): Promise<Map<string, ModelConfig>> {
    if (this.#own.repository === undefined) return new Map();
    return new Map([...(await modelsIn(this.#own.repository))].map(([name, place]) => [name, { places: [place] }]));
  }

  /** Looks at the repository folder again and again; never two looks at once. */
  #poll(everyMs: number): void {
    this.#timer = setTimeout(() => {
      void this.rescan().finally(() => {
        if (this.#timer) this.#poll(everyMs);
      });
    }, everyMs).unref();
  }

  /** Serves what is new in the repository folder and takes out what is gone. Never rejects: failures are in the index. */
  async rescan(): Promise<void> {
    let inFolder: Map<string, ModelConfig>;
    try {
      inFolder = await this.#inFolder();
    } catch (error) {
      this.#log.error(describeError(error));
      return;
    }
    const { repository = "" } = this.#own;
    const gone = [...this.#known].filter(([name, { config }]) => !inFolder.has(name) && config.places.every(({ location }) => location.startsWith(`${repository}${sep}`) && !existsSync(location)));
    await Promise.all([
      ...gone.map(([name]) => this.#inTurn(name, () => this.#forget(name)).catch((error: unknown) => this.#log.error(`"${name}" was not freed: ${describeError(error)}`))),
      ...[...inFolder].map(([name, config]) => this.#inTurn(name, () => this.#refreshed(name, config))),
    ]);
  }

  /** As `#refresh`, but a failure is only said, once for as long as it stays the same. */
  async #refreshed(name: string, fresh: ModelConfig): Promise<void> {
    const before = this.#known.get(name)?.reason;
    try {
      await this.#refresh(name, fresh);
    } catch (error) {
      if (describeError(error) !== before) this.#log.error(`"${name}" is not served as its folder says: ${describeError(error)}`);
    }
  }

  async #refresh(name: string, fresh: ModelConfig): Promise<void> {
    const known = this.#known.get(name);
    const config = known?.config ?? fresh;
    const versions = await versionsOf(config).catch((error: unknown) => {
      this.#known.set(name, { config, found: [], served: [], changing: new Map(), ...known, reason: describeError(error) });
      throw error;
    });
    const wanted = wantedVersions(config, versions);
    if (known && known.reason === "" && JSON.stringify(wanted) === JSON.stringify(known.served)) {
      known.found = versions;
      return;
    }
    await this.#serve(name, withoutMissing(config, wanted), versions);
    if (this.#started) this.#log.info(`"${name}" has changed in its folder`, { model: name, versions: wanted.map(({ version }) => version) });
  }
}

/** All versions at a model's places; where two have the same, the later place wins. */
async function versionsOf({ places, runtime }: ModelConfig): Promise<readonly FoundVersion[]> {
  const found = (await Promise.all(places.map((place) => findVersions(place, runtime)))).flat();
  const byVersion = new Map(found.map((one) => [one.version, one]));
  const versions = [...byVersion.values()];
  return versions.every(({ version }) => /^\d+$/.test(version)) ? versions.toSorted((a, b) => Number(a.version) - Number(b.version)) : versions;
}

const unknownModel = (name: string, names: readonly string[]) =>
  notFound("serving.unknown_model", `There is no model "${name}" here; ${names.length > 0 ? `there is: ${names.map((one) => `"${one}"`).join(", ")}` : "none is loaded"}.`);
