import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";
import { rpcs } from "./rpcs.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const ask = async ({ server }: Protocol, method: Method, url: string, body?: unknown) => {
  const answer = await server.inject({ method, url, headers: { "content-type": "application/json" }, ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }) });
  return { status: answer.statusCode, text: answer.body };
};

/** A failure of ours; MLflow's INVALID_STATE is a refusal that leaves with 500. */
const failed = ({ status, text }: { status: number; text: string }): boolean => status >= 500 && status !== 501 && !text.includes("INVALID_STATE");

const names = [
  "experiment_id", "experiment_ids", "experiment_name", "name", "new_name", "artifact_location", "tags", "key", "value", "run_id", "run_uuid", "run_ids", "run_name", "status", "start_time", "end_time", "user_id",
  "filter", "filter_string", "order_by", "max_results", "page_token", "run_view_type", "view_type", "metrics", "params", "datasets", "models", "model_id", "models_json", "metric_key", "metric_keys", "timestamp",
  "step", "start_step", "end_step", "path", "version", "alias", "stage", "stages", "source", "description", "archive_existing_versions", "model_type", "source_run_id", "allow_deleted", "artifact_directory_path",
  "trace", "trace_id", "trace_ids", "request_id", "request_ids", "request_metadata", "timestamp_ms", "execution_time_ms", "locations", "assessment", "assessment_id", "update_mask", "prompt_versions",
  "max_timestamp_millis", "max_traces", "metric_name", "aggregations", "dimensions", "time_interval_seconds", "start_time_ms", "end_time_ms", "filters", "filter_string1", "filter_string2", "base_filter",
  "url", "events", "secret", "event", "webhook_id", "dataset_digest", "dataset_name", "outputs", "inputs", "info", "data", "tag_key",
];

/** What programs do not expect. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null, true, "", " ", "0", "r", "NaN", "Infinity", -1, 0, 1.5, 1e308, -1e-308, 2 ** 53, 2 ** 63, 4e9, "1e999", "\0", "a\0b", "\ud800", "\u202e", "../../etc/passwd", "%00", "%2e%2e%2f", "'", "\"", "`", ";--",
    "' OR 1=1 --", "__proto__", "constructor", "toString", "hasOwnProperty", "metrics.`a", "params.p = '", "((((", "attributes.start_time > 99999999999999999999", "tags.`x` IN ()", "name RLIKE '(a+)+$'", "a".repeat(300),
    "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAxZTk5OX0=", "e30=", "[]", "{}", "x".repeat(5000), "file:///etc/passwd", "models:/a@b", "models:/../x/1", "https://[::1", "1.2.3", "0x10", "１",
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.integer(),
  fc.double(),
);
const value = fc.oneof({ weight: 3, arbitrary: odd }, fc.array(odd, { maxLength: 4 }), fc.dictionary(fc.constantFrom(...names, "__proto__"), odd, { maxKeys: 4 }), fc.array(fc.dictionary(fc.constantFrom(...names), fc.oneof(odd, fc.array(odd, { maxLength: 2 }), fc.dictionary(fc.constantFrom(...names), odd, { maxKeys: 3 })), { maxKeys: 4 }), { maxLength: 3 }));

test("no request, however odd, is more than refused: every RPC, any fields", { timeout: 120_000 }, async () => {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  await protocol.post("registered-models/create", { name: "mill" });
  const known = { experiment_id: "0", experiment_ids: ["0"], run_id: run, name: "mill", key: "k", locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }] };
  const calls = rpcs.flatMap(({ methods, path }) => methods.map((method) => ({ method, path })));
  const one = fc.record({ call: fc.constantFrom(...calls), fields: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 12 }), real: fc.subarray(Object.keys(known)), part: odd });
  await fc.assert(
    fc.asyncProperty(one, async ({ call, fields, real, part }) => {
      const body = { ...fields, ...Object.fromEntries(real.map((name) => [name, known[name as keyof typeof known]])) };
      let path = `/api/${call.path.replace(/:\w+/g, () => encodeURIComponent(String(part).toWellFormed()) || "x")}`;
      if (call.method === "GET") {
        const query = new URLSearchParams();
        for (const [name, given] of Object.entries(body)) for (const item of Array.isArray(given) ? given : [given]) query.append(name, typeof item === "string" ? item : JSON.stringify(item));
        path += `?${query.toString().slice(0, 8000)}`;
      }
      const answer = await ask(protocol, call.method, path, call.method === "GET" ? undefined : body);
      expect(failed(answer) ? answer.text : "", `${call.method} ${path} ${JSON.stringify(body)}`).toBe("");
    }),
    { seed: 7, numRuns: Number(process.env["FUZZ"] ?? 1500) },
  );
});

/** Filters and orders that are nearly right: words of the language in any order, and comparisons among them. */
const word = fc.constantFrom(
  "metrics.a", "metrics.`b c`", "params.p", "tags.`mlflow.user`", "tag.k", "metadata.k", "attributes.start_time", "attribute.run_id", "run_name", "status", "name", "timestamp_ms", "execution_time_ms", "end_time", "request_id",
  "span.name", "span.attributes.x", "span.content", "feedback.q", "expectation.e", "issue.id", "prompt", "run_id", "version_number", "source_path", "creation_time", "last_updated_timestamp", "dataset.name", "datasets.digest", "model_id",
  "=", "!=", "<>", "<", ">=", "LIKE", "ILIKE", "RLIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "AND", "OR", "NOT", "ASC", "DESC", "(", ")", ",", "'x'", "'%_\\'", "'('", "''", "'\u0000'", "'2020'", "1", "-1.5e300", "1e999", "99999999999999999999", "0x1", ".", "`", "'", "\"", ";", "--", "/*", "\ud800", "🙂",
);
const comparison = fc.tuple(word, fc.constantFrom("=", "!=", "<", "LIKE", "ILIKE", "RLIKE", "IN", "IS NULL"), fc.constantFrom("'x'", "1", "('a', 'b')", "(1)", "'FINISHED'", "1e400", "''")).map((parts) => parts.join(" "));
const filter = fc.array(fc.oneof({ weight: 1, arbitrary: word }, { weight: 3, arbitrary: comparison }), { maxLength: 5 }).chain((parts) => fc.constantFrom(" ", " AND ", " OR ").map((joint) => parts.join(joint)));

test("no filter and no order is more than refused, in any search", { timeout: 120_000 }, async () => {
  const protocol = await openProtocol();
  const trace = { trace_info: { trace_id: "tr-1", trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }, request_time: "2026-01-01T00:00:00Z", state: "OK" } };
  expect(await protocol.post("/api/3.0/mlflow/traces", { trace })).toMatchObject({ status: 200 });
  const logged = await protocol.post("runs/log-batch", { run_id: await startRun(protocol), metrics: [{ key: "a", value: 1, timestamp: 1, step: 0 }], params: [{ key: "p", value: "x" }], tags: [{ key: "k", value: "v" }] });
  expect(logged).toMatchObject({ status: 200 });
  const searches = [
    ["POST", "2.0/mlflow/runs/search", "filter"], ["POST", "2.0/mlflow/experiments/search", "filter"], ["POST", "2.0/mlflow/logged-models/search", "filter"], ["POST", "3.0/mlflow/traces/search", "filter"],
    ["GET", "2.0/mlflow/traces", "filter"], ["GET", "2.0/mlflow/registered-models/search", "filter"], ["GET", "2.0/mlflow/model-versions/search", "filter"],
  ] as const;
  const common = { experiment_ids: ["0"], max_results: 5, locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }] };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...searches), filter, fc.option(fc.array(word, { maxLength: 3 }).map((words) => words.join(" ")), { nil: undefined }), async ([method, path, name], text, order) => {
      const body = { ...common, [name]: text, ...(order === undefined ? {} : { order_by: path.includes("logged-models") ? [{ field_name: order }] : [order] }) };
      const query = new URLSearchParams({ experiment_ids: "0", max_results: "5", [name]: text.toWellFormed(), ...(order === undefined ? {} : { order_by: order.toWellFormed() }) });
      const answer = method === "GET" ? await ask(protocol, method, `/api/${path}?${query.toString()}`) : await ask(protocol, method, `/api/${path}`, body);
      expect(failed(answer) ? answer.text : "", `${method} ${path} ${JSON.stringify(body)}`).toBe("");
    }),
    { seed: 11, numRuns: Number(process.env["FUZZ"] ?? 1500) },
  );
});

/** A text that no index of a database takes, and that is not made short by compression. */
const giant = Array.from({ length: 20_000 }, (_, at) => (at * 7919).toString(36)).join("");

describe("what is too much is refused, and soon", () => {
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
  test.each<[string, Method, string, unknown]>([
    ["a filter of parentheses", "POST", "runs/search", { experiment_ids: ["0"], filter: `${"(".repeat(100_000)}metrics.a > 1${")".repeat(100_000)}` }],
    ["a filter of NOT", "POST", "runs/search", { experiment_ids: ["0"], filter: `${"NOT ".repeat(100_000)}metrics.a > 1` }],
    ["a filter of many clauses", "POST", "runs/search", { experiment_ids: ["0"], filter: many(5000, () => "metrics.a > 1").join(" AND ") }],
    ["a filter of many keys", "POST", "runs/search", { experiment_ids: ["0"], filter: many(60, (at) => `metrics.m${at} > 1`).join(" AND ") }],
    ["a list of many values", "POST", "runs/search", { experiment_ids: ["0"], filter: `attributes.run_id IN (${many(50_000, (at) => `'r${at}'`).join(",")})` }],
    ["a filter of traces with many clauses", "POST", "traces/search", { experiment_ids: ["0"], filter: many(5000, () => "tag.a = 'b'").join(" AND ") }],
    ["many orders", "POST", "runs/search", { experiment_ids: ["0"], order_by: many(5000, (at) => `metrics.m${at} DESC`) }],
    ["many orders of experiments", "POST", "experiments/search", { max_results: 1, order_by: many(5000, () => "name DESC") }],
    ["many experiments", "POST", "runs/search", { experiment_ids: many(100_000, String) }],
    ["many runs", "POST", "experiments/search-datasets", { experiment_ids: many(100_000, String) }],
    ["a giant name", "POST", "experiments/create", { name: "n".repeat(1_000_000) }],
    ["a giant name of a model", "POST", "registered-models/create", { name: "n".repeat(1_000_000) }],
    ["a giant key", "POST", "runs/set-tag", { run_id: "r", key: "k".repeat(1_000_000), value: "" }],
    ["a giant name that does not compress", "POST", "registered-models/create", { name: giant }],
    ["a giant name of a prompt's tag", "POST", "registered-models/create", { name: "m", tags: [{ key: giant, value: "" }] }],
    ["a giant tag of an experiment", "POST", "experiments/create", { name: "e", tags: [{ key: giant, value: "" }] }],
    ["a giant id of a trace", "POST", "/api/3.0/mlflow/traces", { trace: { trace_info: { trace_id: giant, trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }, request_time: "2026-01-01T00:00:00Z", state: "OK" } } }],
    ["giant tags of a trace", "POST", "/api/3.0/mlflow/traces", { trace: { trace_info: { trace_id: "t", tags: { [giant]: giant }, trace_metadata: { [giant]: giant }, client_request_id: giant, trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }, request_time: "2026-01-01T00:00:00Z", state: "OK" } } }],
    ["a giant assessment", "POST", "/api/3.0/mlflow/traces/t/assessments", { assessment: { assessment_name: giant, trace_id: "t", source: { source_type: "HUMAN", source_id: giant }, feedback: { value: giant } } }],
    ["a giant dataset", "POST", "runs/log-inputs", { run_id: "RUN", datasets: [{ dataset: { name: giant, digest: giant, source_type: giant, source: giant }, tags: [{ key: giant, value: giant }] }] }],
    ["a giant parameter", "POST", "runs/log-parameter", { run_id: "RUN", key: "p", value: giant }],
    ["a giant tag of a run", "POST", "runs/set-tag", { run_id: "RUN", key: "mlflow.runName", value: giant }],
    ["a giant user", "POST", "runs/create", { experiment_id: "0", user_id: giant, run_name: giant }],
    ["a giant logged model", "POST", "logged-models", { experiment_id: "0", name: giant, model_type: giant, source_run_id: giant }],
    ["a giant source", "POST", "model-versions/create", { name: "mill", source: `s3://${giant}`, run_id: giant, run_link: giant, description: giant }],
    ["a giant location", "POST", "experiments/create", { name: "e", artifact_location: `s3://${giant}` }],
    ["a giant path", "PUT", `/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/${giant.slice(0, 10_000)}`, "x"],
    ["a giant filter", "POST", "runs/search", { experiment_ids: ["0"], filter: `tags.\`${giant}\` = '${giant}'` }],
    ["a giant page", "POST", "runs/search", { experiment_ids: ["0"], max_results: 1e15 }],
    ["deep JSON", "POST", "runs/search", `{"experiment_ids":${"[".repeat(200_000)}${"]".repeat(200_000)}}`],
    ["deep objects", "POST", "runs/create", `{"tags":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`],
    ["JSON in JSON in JSON", "POST", "runs/create", many(12, () => 0).reduce((text: string) => JSON.stringify(text), "{}")],
    ["a text that does not end, full of quotes", "POST", "runs/create", `{"a":"${'\\"'.repeat(500_000)}`],
    ["a text of backslashes", "POST", "runs/create", `{"a":"${"\\".repeat(500_001)}`],
    ["many bare numbers", "POST", "runs/create", `{"a":[${many(100_000, () => "NaN").join(",")}`],
  ])("%s", async (_, method, path, body) => {
    const protocol = await openProtocol();
    const run = await startRun(protocol);
    await protocol.post("registered-models/create", { name: "mill" });
    const begun = performance.now();
    const sent = typeof body === "string" ? body : JSON.stringify(body).replace('"RUN"', JSON.stringify(run));
    const answer = await ask(protocol, method, path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`, sent);
    expect([failed(answer), answer.text.slice(0, 300)]).toEqual([false, expect.anything()]);
    expect(answer.text.length).toBeLessThan(3_000_000);
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});
