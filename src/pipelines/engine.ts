import { hashOf } from "../canonical-json.ts";
import type { Clock } from "../clock.ts";
import { conflict, invalid, MillraceError, notFound } from "../errors.ts";
import type { House, JsonObject, PipelineRun, Pipelines, PipelineSpec, PipelineStep, Step, StepProgress } from "../stage.ts";
import { hashFile } from "../checked-file.ts";
import { serverAddress } from "../http/server-address.ts";
import { holdsOf, type Holds } from "../storage/holds.ts";
import type { Executor } from "./executor.ts";
import { stepFailure } from "./step-failure.ts";
import { openStepOutputs, type StepOutputs } from "./step-output.ts";
import { cachedOutput, finishRun, insertRun, listRuns, readRun, updateStep } from "./store.ts";

export interface Engine extends Pipelines {
  /** Goes on with every run that was under way when the process ended. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs pipelines: each step as soon as what it needs is there, worker steps through the executor, server steps here. Every state is
 * in the database before the next step begins, so a run that was cut off goes on from its last finished step. A worker step whose
 * name, version, parameters, seed, inputs and files read were seen before is not run again (inputs name content by its hash, so equal
 * keys mean equal work).
 *
 * Of servers that share a database each run is walked by one, which holds its name. A run whose server is gone is taken over by another; a
 * server that has lost its hold (the database was away) stops where it is, and whoever then holds the run goes on from its last finished step.
 */
export function openEngine(house: () => House, clock: Clock, steps: ReadonlyMap<string, Step>, executor: Executor): Engine {
  const active = new Map<string, Promise<void>>();
  const progress = new Map<string, StepProgress>();
  const cancelling = new Map<string, AbortController>();
  let opened: StepOutputs | undefined;
  const stepOutputs = (): StepOutputs => (opened ??= openStepOutputs(house().settings.home));

  const cancellation = (id: string): AbortController => {
    const known = cancelling.get(id) ?? new AbortController();
    cancelling.set(id, known);
    return known;
  };

  const walk = async (id: string): Promise<void> => {
    const { db, events } = house();
    const run = await read(id);
    const outputs = new Map<string, JsonObject>();
    for (const step of run.steps) if (step.state === "succeeded" && step.output) outputs.set(step.id, step.output);
    let waiting = run.spec.steps.filter((step) => !outputs.has(step.id));
    let stopped: string | undefined = firstStop(outputs);
    const running = new Map<string, Promise<void>>();
    let failure: unknown;

    const cancelled = cancellation(id).signal;
    while (failure === undefined && !cancelled.aborted && stopped === undefined && (waiting.length > 0 || running.size > 0)) {
      const ready = waiting.filter((step) => prerequisites(step).every((id) => outputs.has(id)));
      waiting = waiting.filter((step) => !ready.includes(step));
      for (const step of ready) {
        running.set(
          step.id,
          runStep(run, step, outputs).then(
            (output) => {
              outputs.set(step.id, output);
              if (typeof output["stop"] === "string") stopped ??= output["stop"];
              running.delete(step.id);
            },
            (error: unknown) => {
              failure ??= error;
              running.delete(step.id);
            },
          ),
        );
      }
      await Promise.race(running.values());
    }
    await Promise.all(running.values());
    if (closing) return;
    if (cancelled.aborted && stopped === undefined && outputs.size < run.spec.steps.length) failure = cancelled.reason;
    if (brokeOff(failure)) throw failure;
    await keepHold(id);
    const state = failure !== undefined ? "failed" : stopped !== undefined ? "stopped" : "succeeded";
    await finishRun(db, id, state, failure === undefined ? (stopped ?? null) : stepFailure(failure).message, clock.now());
    await events.emit({ name: `pipelines.run_${state}`, time: clock.now(), payload: { id, name: run.name, model: run.model } });
  };

  const runStep = async (run: PipelineRun, step: PipelineStep, outputs: ReadonlyMap<string, JsonObject>): Promise<JsonObject> => {
    const { db, blobs } = house();
    const definition = stepNamed(steps, step.step);
    const inputs = Object.fromEntries(Object.entries(step.needs).map(([name, id]) => [name, outputs.get(id)!]));
    const startedAt = clock.now();
    const cacheKey = definition.where === "worker" && (definition.repeatable?.(step.params) ?? true) ? await cacheKeyOf(definition, step.params, inputs, run.spec.seed) : undefined;
    if (cacheKey !== undefined) {
      const output = await cachedOutput(db, cacheKey);
      if (output) {
        await updateStep(db, run.id, step.id, { state: "succeeded", cacheKey, cacheHit: true, startedAt, finishedAt: clock.now(), output });
        return output;
      }
    }
    await keepHold(run.id);
    await updateStep(db, run.id, step.id, { state: "running", startedAt, ...(cacheKey === undefined ? {} : { cacheKey }) });
    const key = `${run.id}/${step.id}`;
    const report = (now: StepProgress): void => void progress.set(key, now);
    try {
      const output = (definition.where === "worker"
          ? await executor.run(
              { step: definition.name, params: step.params, inputs, seed: run.spec.seed, place: { runId: run.id, stepId: step.id, server: serverAddress(house()) } },
              report,
              { print: (text) => stepOutputs().append(run.id, step.id, text), signal: cancellation(run.id).signal },
            )
          : await definition.run({
              params: step.params,
              inputs,
              seed: run.spec.seed,
              blobs,
              report,
              house: house(),
              runId: run.id,
              stepId: step.id,
              actor: run.actor,
            })) as JsonObject;
      await keepHold(run.id);
      await updateStep(db, run.id, step.id, { state: "succeeded", finishedAt: clock.now(), output });
      return output;
    } catch (error) {
      if (closing || brokeOff(error)) throw error;
      await keepHold(run.id);
      await updateStep(db, run.id, step.id, { state: "failed", finishedAt: clock.now(), error: stepFailure(error) });
      throw error;
    } finally {
      progress.delete(key);
    }
  };

  const holds = (): Holds => holdsOf(house().db);
  /** Throws when the run is another server's by now. */
  const keepHold = async (id: string): Promise<void> => {
    if (!(await holds().take(holdOf(id)))) throw new MillraceError("pipelines.taken_over", 503, `Another server has taken over the run ${id}`);
  };

  /** Walks a run that goes on, as soon as no other server does. */
  const walkAlone = async (id: string): Promise<void> => {
    try {
      while (!closing && (await read(id)).state === "running") {
        if (!(await holds().take(holdOf(id)))) await new Promise((resolve) => setTimeout(resolve, lookMs / 10));
        else if ((await read(id)).state === "running") return await walk(id);
      }
    } finally {
      // A hold that cannot be given back is lost with its session.
      await holds().give(holdOf(id)).catch(() => undefined);
    }
  };

  /** Takes up the runs that nobody walks. */
  const takeUp = async (): Promise<void> => {
    for (const run of await listRuns(house().db, { state: "running", limit: 10_000 })) {
      if (!active.has(run.id) && (await holds().take(holdOf(run.id)))) begin(run.id);
    }
  };
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const begin = (id: string): void => {
    if (active.has(id)) return;
    const walking = walkAlone(id).finally(() => {
      active.delete(id);
      cancelling.delete(id);
    });
    // Whoever waits for the run sees the error; nobody may be waiting.
    walking.catch((error: unknown) => house().log.error({ err: error, run: id }, "a pipeline run broke off"));
    active.set(id, walking);
  };

  const read = async (id: string): Promise<PipelineRun> => {
    const run = await readRun(house().db, id, (stepId) => progress.get(`${id}/${stepId}`) ?? null);
    if (!run) throw notFound("pipelines.run_not_found", `There is no pipeline run ${JSON.stringify(id)}`);
    return run;
  };

  let closing = false;
  return {
    async start(id, spec) {
      checkSpec(spec, steps);
      // Held before it is there to be seen: no other server shall take it for one that was left.
      await holds().take(holdOf(id));
      try {
        await insertRun(house().db, id, spec, clock.now());
      } catch (error) {
        await holds().give(holdOf(id)).catch(() => undefined);
        throw error;
      }
      begin(id);
    },
    async finished(id) {
      await active.get(id);
      return read(id);
    },
    async cancel(id, actor) {
      const run = await read(id);
      if (!active.has(id)) throw conflict("pipelines.not_running", run.state === "running" ? `The run ${id} is walked by another server; cancel it there` : `The run ${id} has ended: ${run.state}`);
      cancellation(id).abort(new MillraceError("pipelines.cancelled", 409, `It was cancelled by ${actor}`));
    },
    async output(id, stepId, from) {
      await read(id);
      return await stepOutputs().read(id, stepId, from);
    },
    async resume() {
      await stepOutputs().prune(clock.now());
      await takeUp();
      if (!holds().shared) return;
      const look = (): Promise<void> => takeUp().catch((error: unknown) => house().log.warn({ err: error }, "left runs could not be looked for"));
      timer = setInterval(() => void (looking ??= look().finally(() => (looking = undefined))), lookMs).unref();
    },
    read,
    async stop() {
      closing = true;
      clearInterval(timer);
      await looking;
      await executor.close();
      await Promise.allSettled(active.values());
    },
  };
}

/** How often the runs of servers that are gone are looked for, where servers share a database. */
const lookMs = 5000;

const holdOf = (id: string): string => `pipelines.run ${id}`;

/** Whether a walk ended for reasons that are none of the run's: it goes on, here or elsewhere. */
const brokeOff = (error: unknown): boolean => error instanceof MillraceError && ["pipelines.taken_over", "storage.database_unavailable", "storage.database_damaged"].includes(error.code);

/** What makes two runs of a worker step the same work; undefined when a file it reads cannot be read, which is for the step to say. */
async function cacheKeyOf(step: Step & { readonly where: "worker" }, params: JsonObject, inputs: Readonly<Record<string, JsonObject>>, seed: number): Promise<string | undefined> {
  try {
    const files = await Promise.all((step.reads?.(params) ?? []).map(async (path) => (await hashFile(path)).sha256));
    return hashOf({ step: step.name, version: step.version, params, inputs, seed, ...(files.length > 0 ? { files } : {}) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return undefined;
  }
}

/** The steps that must be done before this one. */
const prerequisites = (step: PipelineStep): readonly string[] => [...Object.values(step.needs), ...(step.after ?? [])];

/** Refuses a pipeline with no or unknown steps, doubled ids, missing needs or a cycle. */
function checkSpec(spec: PipelineSpec, steps: ReadonlyMap<string, Step>): void {
  const seen = new Set<string>();
  if (spec.steps.length === 0) throw invalid("pipelines.no_steps", `The pipeline ${JSON.stringify(spec.name)} has no steps`);
  for (const step of spec.steps) {
    stepNamed(steps, step.step);
    if (seen.has(step.id)) throw invalid("pipelines.duplicate_step", `The pipeline has two steps with the id ${JSON.stringify(step.id)}`);
    for (const need of prerequisites(step)) {
      if (!seen.has(need)) {
        throw invalid("pipelines.unknown_need", `Step ${step.id} needs ${JSON.stringify(need)}, which is no earlier step of this pipeline`);
      }
    }
    seen.add(step.id);
  }
}

function stepNamed(steps: ReadonlyMap<string, Step>, name: string): Step {
  const step = steps.get(name);
  if (!step) throw invalid("pipelines.unknown_step", `There is no step ${JSON.stringify(name)}; the steps are ${[...steps.keys()].join(", ")}`);
  return step;
}

function firstStop(outputs: ReadonlyMap<string, JsonObject>): string | undefined {
  for (const output of outputs.values()) if (typeof output["stop"] === "string") return output["stop"];
  return undefined;
}
