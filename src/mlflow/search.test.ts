import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";

interface Sample {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
}

const samples: readonly Sample[] = [
  { name: "a", metrics: { m: 1, n: -2.5 }, params: { p: "x", q: "It's" } },
  { name: "b", metrics: { m: 2 }, params: { p: "X" } },
  { name: "c", metrics: { m: Number.NaN, n: Infinity }, params: {} },
  { name: "d", metrics: { n: -Infinity }, params: { p: "xyz", q: "100%" } },
  { name: "e", metrics: {}, params: { q: "" } },
];

async function openSamples(): Promise<Protocol> {
  const protocol = await openProtocol();
  for (const [index, { name, metrics, params }] of samples.entries()) {
    const id = await startRun(protocol, { run_name: name, start_time: index });
    await protocol.post("runs/log-batch", {
      run_id: id,
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value: String(value), timestamp: 1 })),
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    });
  }
  return protocol;
}

const found = async ({ post }: Protocol, request: object): Promise<string[]> => {
  const { status, body } = await post("runs/search", { experiment_ids: ["0"], ...request });
  expect([status, body.message]).toEqual([200, undefined]);
  return ((body.runs ?? []) as { info: { run_name: string } }[]).map((run) => run.info.run_name);
};

/** A filter as text, and what it means to one run. */
interface Meaning {
  readonly text: string;
  readonly holds: (run: Sample) => boolean;
}

const compare: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const onMetric = fc.record({ key: fc.constantFrom("m", "n"), operator: fc.constantFrom(...Object.keys(compare)), value: fc.constantFrom(1, 2, 0, -2.5, 1e300) }).map(
  ({ key, operator, value }): Meaning => ({
    text: `metrics.${key} ${operator} ${value}`,
    holds: ({ metrics }) => metrics[key] !== undefined && compare[operator](metrics[key], value),
  }),
);
const onParam = fc.record({ key: fc.constantFrom("p", "q"), operator: fc.constantFrom("=", "!="), value: fc.constantFrom("x", "X", "It's", "", "100%") }).map(
  ({ key, operator, value }): Meaning => ({
    text: `params.${key} ${operator} '${value.replaceAll("'", "''")}'`,
    holds: ({ params }) => params[key] !== undefined && compare[operator](params[key], value),
  }),
);
const liking = fc.record({ key: fc.constantFrom("p", "q"), operator: fc.constantFrom("LIKE", "ILIKE"), pattern: fc.constantFrom("x%", "X%", "_", "%'%", "100%", "%") }).map(({ key, operator, pattern }): Meaning => {
  const expression = new RegExp(`^${pattern.replaceAll("%", ".*").replaceAll("_", ".")}$`, operator === "ILIKE" ? "is" : "s");
  return { text: `params.${key} ${operator} '${pattern.replaceAll("'", "''")}'`, holds: ({ params }) => params[key] !== undefined && expression.test(params[key]) };
});
const absent = fc.record({ kind: fc.constantFrom("params", "metrics"), key: fc.constantFrom("m", "p"), not: fc.boolean() }).map(
  ({ kind, key, not }): Meaning => ({ text: `${kind}.${key} IS ${not ? "NOT " : ""}NULL`, holds: (run) => ((kind === "params" ? run.params : run.metrics)[key] === undefined) !== not }),
);
const among = fc.record({ names: fc.subarray(["a", "b", "c", "z"], { minLength: 1 }), not: fc.boolean() }).map(
  ({ names, not }): Meaning => ({ text: `run_name ${not ? "NOT " : ""}IN (${names.map((name) => `'${name}'`).join(", ")})`, holds: ({ name }) => names.includes(name) !== not }),
);
const { meaning } = fc.letrec<{ meaning: Meaning }>((tie) => ({
  meaning: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    onMetric,
    onParam,
    liking,
    absent,
    among,
    fc.tuple(tie("meaning"), tie("meaning")).map(([one, other]): Meaning => ({ text: `(${one.text}) AND (${other.text})`, holds: (run) => one.holds(run) && other.holds(run) })),
    fc.tuple(tie("meaning"), tie("meaning")).map(([one, other]): Meaning => ({ text: `((${one.text}) OR (${other.text}))`, holds: (run) => one.holds(run) || other.holds(run) })),
    tie("meaning").map((one): Meaning => ({ text: `NOT (${one.text})`, holds: (run) => !one.holds(run) })),
  ),
}));

test("a search finds the runs of which its filter is true, and no others", async () => {
  const protocol = await openSamples();
  await fc.assert(
    fc.asyncProperty(meaning, async ({ text, holds }) => {
      const expected = samples.filter(holds).map((run) => run.name);
      expect([text, await found(protocol, { filter: text, order_by: ["run_name"] })]).toEqual([text, expected]);
    }),
    { seed: 21, numRuns: 300 },
  );
});

test.each([
  [[], ["e", "d", "c", "b", "a"]],
  [["metrics.m"], ["a", "b", "c", "e", "d"]],
  [["metrics.m DESC"], ["b", "a", "c", "e", "d"]],
  [["metrics.n DESC"], ["c", "a", "d", "e", "b"]],
  [["params.p", "start_time ASC"], ["b", "a", "d", "c", "e"]],
  [["attributes.end_time", "`run name` DESC"], ["e", "d", "c", "b", "a"]],
  [["attr.created ASC"], ["a", "b", "c", "d", "e"]],
])("ordered by %j: %j; what has no value comes last", async (order_by, expected) => expect(await found(await openSamples(), { order_by })).toEqual(expected));

test.each([
  ["start_time > 1.5", ["c", "d", "e"]],
  ["start_time <= 1e300", ["a", "b", "c", "d", "e"]],
  ["start_time IN (0, 2.0, 2.5)", ["a", "c"]],
  ["run_name ILIKE 'A' OR run_name LIKE 'B'", ["a"]],
  ["params.q = '100%' AND params.p LIKE 'x%'", ["d"]],
  ["metrics.m != 1", ["b", "c"]],
  ["metrics.m NOT IN (1, 2)", ["c"]],
  ["metrics.m IN (0, 1)", ["a"]],
  ["metrics.m = 0 OR metrics.m <= 0 OR metrics.m >= 3", []],
  ["NOT metrics.m != 1", ["a", "d", "e"]],
  ["metrics.m IS NOT NULL", ["a", "b", "c"]],
  ["metrics.n != 0", ["a", "c", "d"]],
  ["metrics.'m' > 1", ["b"]],
  ['metrics."m" > 1', ["b"]],
  ["params.'p' = 'x'", ["a"]],
])("%s finds %j", async (filter, expected) => expect(await found(await openSamples(), { filter, order_by: ["run_name"] })).toEqual(expected));

test("names are ordered by their bytes, whatever the language", async () => {
  const protocol = await openProtocol();
  const names = ["B", "_", "a", "Z", "é", "e", "10", "9", "-a", "ab", "a b"];
  for (const name of names) await startRun(protocol, { run_name: name });
  expect(await found(protocol, { order_by: ["run_name"] })).toEqual(names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))));
  expect(await found(protocol, { filter: "run_name IN ('É', 'E', 'é')" })).toEqual(["é"]);
});

test("pages cover a search once", async () => {
  const { post } = await openSamples();
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const { body } = await post("runs/search", { experiment_ids: ["0"], max_results: 2, page_token: token, order_by: ["run_name"] });
    seen.push(...(body.runs as { info: { run_name: string } }[]).map((run) => run.info.run_name));
    token = body.next_page_token as string | undefined;
  } while (token !== undefined);
  expect(seen).toEqual(["a", "b", "c", "d", "e"]);
});

test("experiments are searched by name, tag and time; deleted ones when asked for", async () => {
  const { post, get, clock } = await openProtocol();
  for (const [name, stage] of [["one", "dev"], ["Two", "prod"], ["three", "prod"]]) {
    clock.advanceTo(clock.now() + 10);
    await post("experiments/create", { name, tags: [{ key: "stage", value: stage }] });
  }
  await post("experiments/delete", { experiment_id: "3" });
  const names = (answer: { body: { experiments?: { name: string }[] } }) => (answer.body.experiments ?? []).map((experiment) => experiment.name);
  const search = async (request: object) => names(await post("experiments/search", { max_results: 10, ...request }));
  expect(await search({})).toEqual(["Two", "one", "Default"]);
  expect(await search({ view_type: "ALL", order_by: ["name ASC"] })).toEqual(["Default", "Two", "one", "three"]);
  expect(await search({ view_type: "DELETED_ONLY" })).toEqual(["three"]);
  expect(await search({ filter: "tags.stage = 'prod'", view_type: 3 })).toEqual(["three", "Two"]);
  expect(await search({ filter: "tags.stage IS NULL OR name ILIKE 't%'" })).toEqual(["Two", "Default"]);
  expect(await search({ filter: "creation_time > 1010 and attribute.name != 'x'" })).toEqual(["Two"]);
  expect(names(await get("experiments/search?max_results=1&order_by=name%20ASC"))).toEqual(["Default"]);
});

test.each([
  ["experiment_id = '0'", ["Default"]],
  ["experiment_id = '00' AND attributes.experiment_id != '1'", ["Default"]],
  ["experiment_id != '0'", ["two", "one"]],
  ["experiment_id IN ('0', '2',)", ["two", "Default"]],
  ["attribute.experiment_id NOT IN ('2')", ["one", "Default"]],
  ["experiment_id = '99999999999999999999'", []],
  ["experiment_id = '-1' OR experiment_id = '-0'", ["Default"]],
  ["experiment_id = 0", /quoted string/],
  ["experiment_id = 'abc'", /Invalid experiment ID 'abc'/],
  ["experiment_id = '1.0'", /Invalid experiment ID/],
  ["experiment_id > '0'", /Invalid comparator/],
  ["experiment_id LIKE '%'", /Invalid comparator/],
  ["experiment_id IS NULL", /Invalid comparator/],
])("experiments with %s", async (filter, expected) => {
  const { post, clock } = await openProtocol();
  for (const name of ["one", "two"]) {
    clock.advanceTo(clock.now() + 10);
    await post("experiments/create", { name });
  }
  const { status, body } = await post("experiments/search", { max_results: 10, filter });
  if (expected instanceof RegExp) expect([status, body.message]).toEqual([400, expect.stringMatching(expected)]);
  else expect(((body.experiments ?? []) as { name: string }[]).map(({ name }) => name)).toEqual(expected);
});

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("%s, which every object has, is no key of a filter or an order", async (name) => {
  const { get, post } = await openProtocol();
  const answers = [
    ...(await Promise.all(["registered-models", "model-versions"].flatMap((what) => [get(`${what}/search?filter=${name}%20%3D%20'x'`), get(`${what}/search?order_by=${name}`)]))),
    await post("logged-models/search", { experiment_ids: ["0"], filter: `${name} = 'x'` }),
    await post("logged-models/search", { experiment_ids: ["0"], order_by: [{ field_name: name }] }),
    ...(await Promise.all([{ filter: `${name} = 'x'` }, { filter: `${name}.x = 'x'` }, { order_by: [name] }].map((search) => post("runs/search", { experiment_ids: ["0"], ...search })))),
    await post("experiments/search", { max_results: 1, filter: `${name} = 'x'` }),
    await post("experiments/search", { max_results: 1, order_by: [name] }),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
});
