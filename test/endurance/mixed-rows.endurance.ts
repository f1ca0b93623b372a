import { expect, test } from "vitest";
import { at, makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { askTogether, bodies, mixing, putGraph } from "../../src/serving/gateway/runtimes/onnx/rows/fixtures/crowd.ts";

/** To each graph; ten thousand every night. */
const requests = Number(process.env["MIXED_ROWS_REQUESTS"] ?? 2000);

test.each(mixing.map((graph) => [graph.name, graph] as const))(`%s: ${requests} requests, some with outliers, are each answered as alone`, async (_, graph) => {
  const folder = await makeFolder();
  const file = await putGraph(folder, graph);
  const gateway = await startOwn(folder, { threaded: at(file, { options: { instances: 2 } }), inline: at(file) });
  for (const model of ["threaded", "inline"]) expect(await askTogether(`${gateway.url}/v2/models/${model}/infer`, bodies(graph), { requests: requests / 2, connections: 64 })).toEqual({ different: 0 });
});
