import { expect, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const lives = Number(process.env["LIVES"] ?? 20);
const clients = 64;
const requestsPerLife = 1000;

/** One thing a client asked for, and how to see afterwards whether all of it is there, or nothing. */
interface Ask {
  readonly what: string;
  readonly send: (api: Api) => Promise<unknown>;
  /** How many of its parts are there, of how many. */
  readonly parts: (api: Api) => Promise<readonly [there: number, of: number]>;
}

type Api = ReturnType<typeof openApi>;

function openApi(url: string) {
  const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}${path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`}`, {
      method,
      ...(body === undefined ? {} : typeof body === "string" ? { body } : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  // What is read back is what the test looks into.
  // eslint-disable-next-line typescript/no-explicit-any
  const good = async (method: string, path: string, body?: unknown): Promise<any> => {
    const { status, text } = await ask(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  };
  return { ask, post: (path: string, body: unknown) => good("POST", path, body), get: (path: string) => good("GET", path) };
}

/** What run `run` holds, read once for all that look into it. */
const readings = new WeakMap<Api, Map<string, Promise<{ params: Set<string>; tags: Set<string>; metrics: Map<string, Promise<Set<number>>> }>>>();
function readRun(api: Api, run: string) {
  const known = readings.get(api) ?? new Map<string, Promise<{ params: Set<string>; tags: Set<string>; metrics: Map<string, Promise<Set<number>>> }>>();
  readings.set(api, known);
  const reading =
    known.get(run) ??
    api.get(`runs/get?run_id=${run}`).then(({ run: { data } }) => ({
      params: new Set<string>((data.params ?? []).map((one: { key: string }) => one.key)),
      tags: new Set<string>((data.tags ?? []).map((one: { key: string }) => one.key)),
      metrics: new Map<string, Promise<Set<number>>>(),
    }));
  known.set(run, reading);
  return reading;
}

async function stepsOf(api: Api, run: string, key: string): Promise<Set<number>> {
  const { metrics } = await readRun(api, run);
  const reading = metrics.get(key) ?? api.get(`metrics/get-history?run_id=${run}&metric_key=${key}`).then(({ metrics: points }) => new Set<number>((points ?? []).map((one: { step: number }) => one.step)));
  metrics.set(key, reading);
  return reading;
}

const one = (there: boolean): readonly [number, number] => [there ? 1 : 0, 1];

/** The requests of one life, of every kind in turn; `run` is a run that is there. */
function asks(life: number, run: string): Ask[] {
  return Array.from({ length: requestsPerLife }, (_, index): Ask => {
    const name = `l${life}n${index}`;
    const kinds: Ask[] = [
      {
        what: "log-metric",
        send: (api) => api.post("runs/log-metric", { run_id: run, key: "loss", value: index, timestamp: index, step: index }),
        parts: async (api) => one((await stepsOf(api, run, "loss")).has(index)),
      },
      {
        what: "log-batch",
        send: (api) =>
          api.post("runs/log-batch", {
            run_id: run,
            metrics: Array.from({ length: 20 }, (_, at) => ({ key: `b${at % 4}`, value: at, timestamp: at, step: index * 100 + at })),
            params: Array.from({ length: 5 }, (_, at) => ({ key: `${name}.${at}`, value: "v" })),
            tags: Array.from({ length: 5 }, (_, at) => ({ key: `${name}.${at}`, value: "v" })),
          }),
        parts: async (api) => {
          const { params, tags } = await readRun(api, run);
          let there = 0;
          for (let at = 0; at < 20; at++) if ((await stepsOf(api, run, `b${at % 4}`)).has(index * 100 + at)) there++;
          for (let at = 0; at < 5; at++) there += (params.has(`${name}.${at}`) ? 1 : 0) + (tags.has(`${name}.${at}`) ? 1 : 0);
          return [there, 30];
        },
      },
      {
        what: "runs/create",
        send: (api) => api.post("runs/create", { experiment_id: "0", run_name: name, tags: [{ key: "made", value: name }] }),
        parts: async (api) => {
          const { runs = [] } = await api.post("runs/search", { experiment_ids: ["0"], filter: `tags.made = '${name}'` });
          const named = await api.post("runs/search", { experiment_ids: ["0"], filter: `run_name = '${name}'` });
          return [runs.length + (named.runs ?? []).length, 2];
        },
      },
      {
        what: "set-tag",
        send: (api) => api.post("runs/set-tag", { run_id: run, key: name, value: "v" }),
        parts: async (api) => one((await readRun(api, run)).tags.has(name)),
      },
      {
        what: "artifact",
        send: async (api) => {
          const { status } = await api.ask("PUT", `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${name}`, name.repeat(5000));
          if (status !== 200) throw new Error(String(status));
        },
        parts: async (api) => {
          const { status, text } = await api.ask("GET", `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${name}`);
          return status === 404 ? [0, 1] : [status === 200 && text === name.repeat(5000) ? 1 : 0.5, 1];
        },
      },
      {
        what: "model version",
        send: (api) => api.post("model-versions/create", { name: "mill", source: "s3://b/m", run_id: name, tags: [{ key: "made", value: name }] }),
        parts: async (api) => {
          const query = (filter: string) => api.get(`model-versions/search?filter=${encodeURIComponent(filter)}`);
          const [byTag, byRun] = [await query(`tags.made = '${name}'`), await query(`run_id = '${name}'`)];
          return [(byTag.model_versions ?? []).length + (byRun.model_versions ?? []).length, 2];
        },
      },
      {
        what: "experiment",
        send: (api) => api.post("experiments/create", { name, tags: [{ key: "made", value: name }] }),
        parts: async (api) => {
          const { experiments = [] } = await api.post("experiments/search", { max_results: 10, filter: `name = '${name}'` });
          return [experiments.length + (experiments[0]?.tags?.length ?? 0), 2];
        },
      },
      {
        what: "logged model",
        send: (api) => api.post("logged-models", { experiment_id: "0", name, params: [{ key: "p", value: name }], tags: [{ key: "t", value: name }] }),
        parts: async (api) => {
          const { models = [] } = await api.post("logged-models/search", { experiment_ids: ["0"], filter: `name = '${name}'` });
          return [models.length + (models[0]?.data.params?.length ?? 0) + (models[0]?.info.tags?.length ?? 0), 3];
        },
      },
    ];
    return kinds[index % kinds.length];
  });
}

test(`${clients} clients and a kill -9 amid their requests, ${lives} times: what was answered is there, and nothing is there in part`, async () => {
  const home = await temporaryFolder();
  const totals = { sent: 0, answered: 0, there: 0 };
  for (let life = 0; life < lives; life++) {
    const server = await startMillrace(home);
    const api = openApi(server.url);
    const { run } = await api.post("runs/create", { experiment_id: "0" });
    if (life === 0) await api.post("registered-models/create", { name: "mill" });
    const waiting = asks(life, run.info.run_id as string);
    const [sent, answered] = [new Set<Ask>(), new Set<Ask>()];
    // Somewhere amid the requests, at another place in each life.
    const killAt = 60 + ((life * 97) % (requestsPerLife - 120));
    const client = async (): Promise<void> => {
      for (let ask = waiting.shift(); ask; ask = waiting.shift()) {
        sent.add(ask);
        try {
          await ask.send(api);
        } catch (error) {
          // The server is gone: this client's last request got no answer. An answer that is an error would be a fault.
          if (error instanceof TypeError) return;
          throw error;
        }
        answered.add(ask);
        if (answered.size === killAt) await server.kill();
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    expect(answered.size).toBeGreaterThanOrEqual(killAt);
    expect(waiting.length + sent.size - answered.size).toBeGreaterThan(0);

    const again = await startMillrace(home);
    const after = openApi(again.url);
    for (const ask of sent) {
      const [there, of] = await ask.parts(after);
      if (answered.has(ask)) expect([ask.what, there], `answered in life ${life}`).toEqual([ask.what, of]);
      else expect([0, of], `${ask.what}, not answered in life ${life}`).toContain(there);
      if (there === of) totals.there++;
    }
    totals.sent += sent.size;
    totals.answered += answered.size;
    const { model_versions: versions = [] } = await after.get("model-versions/search");
    expect(new Set(versions.map((one: { version: string }) => one.version)).size).toBe(versions.length);
    await again.kill();
  }
  console.log(`${totals.sent} requests sent, ${totals.answered} answered, ${totals.there} there; none answered is missing, none is there in part`);
});
