import { ApiError, client } from "../../http/client.ts";
import type { Experiment, LoggedModel } from "../../tracking/types.ts";
import { saidNumber, type SeriesMessage } from "./import-schema.ts";
import type { ImportRoutes, Presence } from "./routes.ts";
import type { Series, SourceFile } from "./source.ts";
import type { ImportedModel } from "../../registry/import-model.ts";
import type { ImportedRun } from "../../tracking/import-run.ts";

/** The Millrace that an import goes to, over its API: one process owns a home, and it may serve others meanwhile. */
export interface ImportTarget {
  presence(kind: "runs" | "loggedModels", digests: readonly { readonly id: string; readonly digest: string }[]): Promise<ReadonlyMap<string, Presence>>;
  experimentNamed(name: string): Promise<{ readonly id: string } | undefined>;
  writeExperiment(experiment: Omit<Experiment, "artifactLocation"> & { readonly artifactLocation: string | null }): Promise<{ readonly id: string; readonly merged: boolean; readonly lifecycle: string }>;
  /** Writes a run with all its points; returns how many points it then has. */
  writeRun(run: ImportedRun, histories: AsyncIterable<Series>): Promise<{ readonly points: number }>;
  writeLoggedModel(model: LoggedModel): Promise<void>;
  writeModel(model: ImportedModel, reason: string): Promise<{ readonly created: boolean; readonly added: readonly number[]; readonly same: readonly number[]; readonly differing: readonly string[] }>;
  /** Streams a file to the artifact store; returns its size. */
  writeFile(root: string, file: SourceFile): Promise<number>;
  counts(ids: readonly string[]): Promise<{ readonly points: number; readonly files: number }>;
}

/** So many points go in one request, which is one transaction; a run with more of them is hidden until its last have come. */
const mostPoints = 100_000;

export function openTarget(server: string, signal: AbortSignal): ImportTarget {
  const api = client<ImportRoutes>(server, "mlflow");
  return {
    presence: async (kind, asked) => new Map(Object.entries((await api("POST /import/presence", { body: { [kind]: [...asked] } }, { signal })).presence)),
    experimentNamed: async (name) => {
      const answer = await fetch(`${server}/api/2.0/mlflow/experiments/get-by-name?${new URLSearchParams({ experiment_name: name }).toString()}`, { signal });
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw await refusal(answer);
      return { id: ((await answer.json()) as { experiment: { experiment_id: string } }).experiment.experiment_id };
    },
    writeExperiment: (body) => api("POST /import/experiments", { body }, { signal }),
    async writeRun(imported, histories) {
      const { id, experimentId, name, status, startedAt, endedAt, lifecycle, deletedAt, userId, artifactUri, params, tags, datasets, inputModels, outputModels } = imported;
      const run = { id, experimentId, name, status, startedAt, endedAt, lifecycle, deletedAt, userId, artifactUri, params: [...params], tags: [...tags], datasets: datasets.map((one) => ({ ...one })), inputModels: [...inputModels], outputModels: [...outputModels] };
      let begun = false;
      const send = async (series: SeriesMessage, more: boolean): Promise<number> => {
        const body = { run, series, more };
        const answer = await (begun ? api("POST /import/runs/:id/points", { params: { id }, body }, { signal }) : api("POST /import/runs", { body }, { signal }));
        begun = true;
        return answer.points ?? 0;
      };
      let waiting: SeriesMessage = [];
      let count = 0;
      for await (const part of inParts(histories)) {
        if (count + part.steps.length > mostPoints) {
          await send(waiting, true);
          [waiting, count] = [[], 0];
        }
        waiting.push({ key: part.key, steps: [...part.steps], times: [...part.times], values: part.values.map(saidNumber) });
        count += part.steps.length;
      }
      return { points: await send(waiting, false) };
    },
    writeLoggedModel: async (model) => {
      const metrics = model.metrics.map((metric) => ({ ...metric, value: saidNumber(metric.value) }));
      await api("POST /import/logged-models", { body: { ...model, params: [...model.params], tags: [...model.tags], metrics } }, { signal });
    },
    writeModel: (model, reason) => api("POST /import/registered-models", { body: { model: { ...model, versions: [...model.versions] }, reason } }, { signal }),
    async writeFile(root, file) {
      const content = await file.open();
      let size = 0;
      // What fails at the source is told by fetch as a failure of its own.
      let failed: Error | undefined;
      content.once("error", (error) => (failed = error));
      const counted = content.map((chunk: Buffer) => {
        size += chunk.length;
        return chunk;
      });
      const path = `${root}/${file.path}`.split("/").map(encodeURIComponent).join("/");
      // `duplex` is what fetch asks of a body that is streamed; TypeScript's library does not know it.
      const init = { method: "PUT", body: counted, duplex: "half", signal } as unknown as RequestInit;
      const answer = await fetch(`${server}/api/2.0/mlflow-artifacts/artifacts/${path}`, init).catch((error: unknown) => Promise.reject(failed ?? error));
      if (!answer.ok) throw await refusal(answer);
      return size;
    },
    counts: (ids) => api("POST /import/counts", { body: { ids: [...ids] } }, { signal }),
  };
}

/** An error in MLflow's shape as one of ours, with its sentence. */
async function refusal(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  let said: unknown;
  try {
    said = (JSON.parse(text) as { message?: unknown } | null)?.message;
  } catch {
    // No JSON: it comes from something in between, and is told as it is.
  }
  return new ApiError(answer.status, answer.status === 507 ? "storage.disk_full" : "http.error", typeof said === "string" ? said : `${answer.status} ${text.slice(0, 300)}`);
}

/** The same points in parts that fit into a request. */
async function* inParts(histories: AsyncIterable<Series>): AsyncIterable<Series> {
  for await (const { key, steps, times, values } of histories) {
    for (let from = 0; from < steps.length; from += mostPoints) {
      const to = from + mostPoints;
      yield { key, steps: steps.slice(from, to), times: times.slice(from, to), values: values.slice(from, to) };
    }
  }
}
