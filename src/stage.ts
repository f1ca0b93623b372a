import type { FastifyInstance } from "fastify";
import type { Clock } from "./clock.ts";
import type { Command } from "./cli/command.ts";
import type { Settings } from "./config.ts";
import type { Events } from "./events.ts";
import type { Routes } from "./http/route.ts";
import type { Logger } from "./log.ts";
import type { BlobStore } from "./storage/blobs.ts";
import type { Database } from "./storage/database.ts";
import type { Migration } from "./storage/migrations.ts";

/** What a room finds in the house: the foundations, opened once by `house.ts`. */
export interface House {
  readonly settings: Settings;
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly pipelines: Pipelines;
  /** The pipelines that can be started by name. */
  readonly definitions: ReadonlyMap<string, PipelineDefinition>;
  /** What the rooms give up when garbage is collected, in the order of the rooms. */
  readonly collectors: readonly Collector[];
}

/**
 * A room of the house, as plain data: importing it does nothing. `stages.ts` lists the rooms; storage runs the migrations, http mounts
 * the routes under `/api/<name>`, the command line hangs the commands under `millrace <name>`, pipelines collects the steps.
 */
export interface Stage {
  readonly name: string;
  /** One sentence: what this room is for. */
  readonly purpose: string;
  readonly migrations?: readonly Migration[];
  readonly routes?: Routes;
  /** A protocol of somebody else's, served at its own paths (MLflow's `/api/2.0/mlflow/…`); our own API goes into `routes`. */
  readonly mount?: (server: FastifyInstance, house: House) => Promise<void>;
  readonly commands?: readonly Command[];
  readonly steps?: readonly Step[];
  readonly definitions?: readonly PipelineDefinition[];
  /** The events this room emits, each with when it does. */
  readonly events?: Readonly<Record<string, string>>;
  readonly collector?: Collector;
  /** Called when the server has opened the house; returns how to stop what it started. */
  readonly start?: (house: House) => Promise<() => Promise<void>>;
}

/**
 * What a room does when garbage is collected (`storage/collect-garbage.ts`), in the one transaction of the collection. Later rooms come first. Contents of the
 * artifact store are no room's matter: those whose SHA-256 stands in no text of the database are swept afterwards.
 */
export interface Collector {
  /** Ids of things of earlier rooms (runs, logged models) that this room needs, deleted or not. */
  readonly needs?: (transaction: Database) => Promise<readonly string[]>;
  /** Removes for good what was deleted before `before` (ms) and whose id no later room needs; returns kind → how many. */
  readonly collect?: (transaction: Database, collection: { readonly before: number; readonly needed: ReadonlySet<string> }) => Promise<Readonly<Record<string, number>>>;
}

/** Outputs and parameters of steps: JSON; a file is a `{sha256, size}` of the blob store. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

export interface StepProgress {
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
}

interface StepContextBase {
  /** What the pipeline says, as the step's own parameter type; plain JSON. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The outputs of the steps this one needs, under the names the pipeline gave them; each is what that step's output type says. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly blobs: BlobStore;
  readonly report: (progress: StepProgress) => void;
}

/** What a worker step gets: no database, no house, so that it can run in any process on any machine. */
export interface WorkerContext extends StepContextBase {
  /** An empty folder of this step run, removed afterwards. */
  readonly workdir: string;
  /** Which step run this is; absent where a step is run without a pipeline. */
  readonly place?: StepPlace;
  /** Keeps what a program prints that the step runs: it can be read while the step runs and after. */
  readonly print?: (text: string) => void;
}

/** Where a worker step runs. */
export interface StepPlace {
  readonly runId: string;
  readonly stepId: string;
  /** The address of the server's API; null where there is no server. */
  readonly server: string | null;
  /** A folder of this home for what must outlive a step run that failed. */
  readonly kept: string;
}

/** What a server step gets; it may run twice after a crash, so it is idempotent by `runId` and `stepId`. */
export interface ServerContext extends StepContextBase {
  readonly house: House;
  readonly runId: string;
  readonly stepId: string;
  readonly actor: string;
}

/** A unit of work of a pipeline; its output is plain JSON. A step that outputs `stop: "reason"` ends its pipeline there, in good order. */
export type Step =
  | {
      readonly name: string;
      readonly purpose: string;
      /** Raised when the step's result changes for the same inputs; part of the cache key. */
      readonly version: number;
      readonly where: "worker";
      /** The files outside the artifact store that the step reads: their content is part of the cache key. */
      readonly reads?: (params: JsonObject) => readonly string[];
      /** False where the result may depend on more than parameters, inputs and files read: then the step runs every time. */
      readonly repeatable?: (params: JsonObject) => boolean;
      readonly run: (context: WorkerContext) => Promise<object>;
    }
  | {
      readonly name: string;
      readonly purpose: string;
      readonly where: "server";
      readonly run: (context: ServerContext) => Promise<object>;
    };

/** A pipeline as data: steps by name, wired by the ids of the steps they need. */
export interface PipelineSpec {
  readonly name: string;
  /** The registered model this pipeline works for. */
  readonly model: string;
  /** Why it runs: `manual`, `schedule`, `alarm: …`. */
  readonly trigger: string;
  readonly actor: string;
  readonly seed: number;
  readonly steps: readonly PipelineStep[];
}

export interface PipelineStep {
  readonly id: string;
  readonly step: string;
  readonly params: JsonObject;
  /** Input name → id of the step whose output it is. */
  readonly needs: Readonly<Record<string, string>>;
  /** Ids of steps that must be done first although their outputs are not needed. */
  readonly after?: readonly string[];
}

/** A pipeline that is made when it is started: by name and parameters, of what is there then. What fires a trigger starts one. */
export interface PipelineDefinition {
  readonly name: string;
  readonly purpose: string;
  /** Throws unless whoever gives these parameters may have the pipeline run; `key` is what they showed of `<home>/run/recipe.key`. Asked once, when they are set. */
  readonly allow: (house: House, params: JsonObject, key: string | undefined) => Promise<void>;
  /** What an ended run came to, in a sentence for whoever asked for it. */
  readonly verdict?: (run: PipelineRun) => string;
  readonly make: (house: House, params: JsonObject, why: { readonly trigger: string; readonly actor: string }) => Promise<PipelineSpec>;
}

export type StepState = "waiting" | "running" | "succeeded" | "failed" | "skipped";

export interface StepRun {
  readonly id: string;
  readonly step: string;
  readonly state: StepState;
  readonly cacheHit: boolean;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly progress: StepProgress | null;
  readonly output: JsonObject | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface PipelineRun {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly trigger: string;
  readonly actor: string;
  readonly state: "running" | "succeeded" | "stopped" | "failed";
  /** Why it stopped or failed. */
  readonly reason: string | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly spec: PipelineSpec;
  readonly steps: readonly StepRun[];
}

/** What a step of a run has handed on; undefined where it has not. */
export const stepOutput = <T>({ steps }: Pick<PipelineRun, "steps">, id: string): T | undefined => (steps.find((step) => step.id === id)?.output ?? undefined) as T | undefined;

/** The pipeline engine as rooms see it; the implementation lies in `pipelines/`. */
export interface Pipelines {
  /** Starts a run, or goes on with it when a run of this id exists. Returns at once. */
  start(id: string, spec: PipelineSpec): Promise<void>;
  /** The run as it is now; throws `pipelines.run_not_found`. */
  read(id: string): Promise<PipelineRun>;
  /** The run, once it has ended. */
  finished(id: string): Promise<PipelineRun>;
  /** Ends a run that this server walks: its worker steps at once, with whatever they started; throws `pipelines.not_running`. */
  cancel(id: string, actor: string): Promise<void>;
  /** What the programs of a step have printed, from a byte on, up to 256 KiB, and the byte to ask from next; throws `pipelines.run_not_found`. */
  output(id: string, stepId: string, from: number): Promise<{ readonly text: string; readonly next: number }>;
}
