import { expect, test } from "vitest";
import { modelFile } from "../fixtures/gateway-process.ts";
import { at, makeFolder, startOwn } from "../fixtures/own-gateway.ts";

const trips = { cheap: at(modelFile("trips-1")), dear: at(modelFile("trips-2")) };
const row = { distance: 1, seats: 1, city: "Oslo" };
const tensors = { inputs: Object.entries({ distance: [1], seats: [1], city: ["Oslo"] }).map(([name, data]) => ({ name, datatype: name === "city" ? "BYTES" : "FP32", shape: [1, 1], data })) };

/** Every address of every protocol whose requests name no model. */
const addresses: readonly [string, string, object][] = [
  ["plain JSON", "/predict", row],
  ["MLflow", "/invocations", { dataframe_records: [row] }],
  ["SageMaker", "/invocations", tensors],
  ["Azure ML", "/score", { input_data: { columns: Object.keys(row), data: [Object.values(row)] } }],
  ["Vertex AI", "/vertex", { instances: [row] }],
];

async function start(more: Parameters<typeof startOwn>[2] & { only?: boolean } = {}) {
  const { only, ...options } = more;
  const { url } = await startOwn(await makeFolder(), only ? { dear: trips.dear } : trips, { vertexRoutes: { predict: "/vertex", health: "/health" }, ...options });
  return async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
    return [answer.status, await answer.text()] as const;
  };
}

test.each(addresses)("%s: the header, then the query, then the default, then the only model", async (_, path, body) => {
  const several = await start({ defaultModel: "dear" });
  const header = { "X-Amzn-SageMaker-Target-Model": "cheap" };
  const cheap = expect.stringMatching(/\b13\b/) as string;
  const dear = expect.stringMatching(/\b1013\b/) as string;
  expect(await several(path, body)).toEqual([200, dear]);
  expect(await several(path, body, header)).toEqual([200, cheap]);
  expect(await several(`${path}?model_name=cheap`, body)).toEqual([200, cheap]);
  expect(await several(`${path}?model_name=dear`, body, header)).toEqual([200, cheap]);
  const only = await start({ only: true });
  expect(await only(path, body)).toEqual([200, dear]);
});

test.each(addresses)("%s: without any of them the request is refused, with the way to name one; a wrong name is told", async (_, path, body) => {
  const ask = await start();
  expect(await ask(path, body)).toEqual([400, expect.stringMatching(/Several models are here, and .* names none: .*cheap.*dear.*X-Amzn-SageMaker-Target-Model, or start the gateway with --default-model NAME/)]);
  expect(await ask(path, body, { "X-Amzn-SageMaker-Target-Model": "none" })).toEqual([404, expect.stringMatching(/unknown model: 'none' is not found/)]);
});
