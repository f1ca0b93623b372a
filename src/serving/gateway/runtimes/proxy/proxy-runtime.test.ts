import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { keptLog, noEndpoints } from "../../fixtures/load-model.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import type { LoadOptions, Model } from "../runtime.ts";
import { readInfer } from "./infer-messages.ts";
import { proxyRuntime } from "./proxy-runtime.ts";

type Answer = (body: string, request: IncomingMessage, response: ServerResponse) => void;

const metadata = {
  name: "m",
  platform: "pytorch_torchscript",
  inputs: [{ name: "x", datatype: "INT64", shape: [-1, 2] }, { name: "s", datatype: "BYTES", shape: [-1, 1] }],
  outputs: [{ name: "y", datatype: "INT64", shape: [-1] }],
};

/** A server of one model whose infer requests `infer` answers, and which takes JSON tensors only. */
async function upstream(infer: Answer, options: { readonly metadata?: unknown; readonly load?: LoadOptions } = {}) {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const path = request.url!;
      if (path.endsWith("/infer")) infer(Buffer.concat(parts).toString(), request, response);
      else if (path === "/v2") response.end('{"extensions":[]}');
      else response.end(JSON.stringify(options.metadata ?? metadata));
    });
  });
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/models/m`;
  const load = async (): Promise<Model> => {
    const model = await proxyRuntime.load(location, options.load ?? {}, { log: keptLog(), endpoints: noEndpoints, share: () => Promise.reject(new Error("not shared")) });
    onTestFinished(() => model.release());
    return model;
  };
  return { location, load, sockets };
}

const inputs = [rowsOf("x", 2, BigInt64Array.of(1n, 2n, 2n ** 60n, -4n)), rowsOf("s", 2, ["a", "ü"])];

/** y = the length of s, for each row. */
const lengths: Answer = (body, _, response) => {
  const { inputs: sent } = JSON.parse(body) as { inputs: { data: string[] }[] };
  response.end(JSON.stringify({ outputs: [{ name: "y", datatype: "INT64", shape: [sent[1].data.length], data: sent[1].data.map((text) => text.length) }] }));
};

describe("proxy runtime", () => {
  test("sends JSON to a server that takes no binary tensors, 64-bit integers whole", async () => {
    const bodies: string[] = [];
    const { load } = await upstream((body, request, response) => {
      bodies.push(body);
      lengths(body, request, response);
    });
    const model = await load();
    expect(model.platform).toBe("pytorch_torchscript");
    expect(await model.run(inputs)).toEqual([{ name: "y", datatype: "INT64", shape: [2], data: BigInt64Array.of(1n, 1n) }]);
    expect(bodies.at(-1)).toBe('{"inputs":[{"name":"x","datatype":"INT64","shape":[2,2],"data":[1,2,1152921504606846976,-4]},{"name":"s","datatype":"BYTES","shape":[2,1],"data":["a","ü"]}]}');
  });

  test("rows are told by trying; they are independent only where the other server says so and trying does not refute it", async () => {
    const facts = async (...given: Parameters<typeof upstream>) => {
      const { rowwise, independentRows } = await (await upstream(...given)).load();
      return { rowwise, independentRows };
    };
    const saying = { metadata: { ...metadata, parameters: { independent_rows: true } } };
    expect(await facts(lengths)).toEqual({ rowwise: true, independentRows: false });
    expect(await facts(lengths, saying)).toEqual({ rowwise: true, independentRows: true });
    const total: Answer = (body, _, response) => {
      const { inputs: sent } = JSON.parse(body) as { inputs: { shape: number[]; data: number[] }[] };
      const rows = sent[0].shape[0];
      response.end(JSON.stringify({ outputs: [{ name: "y", datatype: "INT64", shape: [rows], data: Array<number>(rows).fill(rows) }] }));
    };
    expect(await facts(total, saying)).toEqual({ rowwise: true, independentRows: false });
    expect(await facts((_body, _request, response) => void response.writeHead(400).end("{}"), saying)).toEqual({ rowwise: false, independentRows: false });
    expect(await facts(total, { load: { rowwise: true } })).toEqual({ rowwise: true, independentRows: true });
  });

  test.each<[number, string, number, string, RegExp]>([
    [400, '{"error":"x is too long"}', 400, "serving.upstream_refused", /answered 400: x is too long$/],
    [422, '{"detail":[{"loc":"x"}]}', 400, "serving.upstream_refused", /answered 422: \[{"loc":"x"}\]$/],
    [404, "", 502, "serving.upstream_failed", /answered 404: no reason given$/],
    [429, "slow down", 429, "serving.upstream_busy", /answered 429: slow down$/],
    [503, "", 503, "serving.upstream_busy", /answered 503/],
    [404, '{"error":"no such model"}', 502, "serving.upstream_failed", /answered 404: no such model$/],
    [504, "", 504, "serving.upstream_late", /answered 504/],
    [200, "no json", 502, "serving.upstream_failed", /cannot be read/],
    [200, '{"outputs":[]}', 502, "serving.upstream_failed", /lacks the output "y"/],
    [200, '{"outputs":[{"name":"y","datatype":"INT64","shape":[3],"data":[1]}]}', 502, "serving.upstream_failed", /the shape asks for 3 elements, and data has 1/],
    [200, '{"outputs":[{"name":"y","datatype":"INT63","shape":[1],"data":[1]}]}', 502, "serving.upstream_failed", /unknown datatype "INT63"/],
  ])("an answer of %s %s is told as what it is", async (status, body, told, code, message) => {
    const model = await (await upstream((_body, _request, response) => void response.writeHead(status).end(body))).load();
    const failure = await model.run(inputs).then(() => undefined, (error: Error) => error);
    expect(failure).toMatchObject({ name: "MillraceError", status: told, code });
    expect(failure!.message).toMatch(message);
  });

  test("a failure of the server's model is the model's", async () => {
    const model = await (await upstream((_body, _request, response) => void response.writeHead(500).end('{"error":"boom"}'))).load();
    await expect(model.run(inputs)).rejects.toMatchObject({ name: "Error", message: expect.stringMatching(/answered 500: boom$/) });
  });

  test("a server that does not answer in time is told so", async () => {
    const { load } = await upstream(() => undefined, { load: { runTimeoutMs: 20 } });
    await expect((await load()).run(inputs)).rejects.toMatchObject({ status: 504, message: expect.stringMatching(/did not answer within 20 ms/) });
  });

  test("a request that nobody waits for is given up", async () => {
    const controller = new AbortController();
    let abort = () => undefined as void;
    const { load } = await upstream((body, request, response) => (body.includes("ü") ? abort() : lengths(body, request, response)));
    const model = await load();
    abort = () => controller.abort();
    await expect(model.run(inputs, { signal: controller.signal })).rejects.toThrow(/abort/i);
  });

  test("a connection that was closed while it was idle costs no request", async () => {
    const { load, sockets } = await upstream(lengths);
    const model = await load();
    for (const socket of sockets) socket.resetAndDestroy();
    expect((await model.run(inputs))[0].shape).toEqual([2]);
  });

  test.each<[string, unknown, RegExp]>([
    ["without inputs", { outputs: [] }, /The inputs of http.* are not told in its metadata/],
    ["with a datatype that is none", { inputs: [{ name: "x", datatype: "TEXT", shape: [1] }], outputs: [] }, /cannot be used: \{"name":"x","datatype":"TEXT"/],
    ["that is no object", "no", /inputs .* not told/],
  ])("metadata %s are refused", async (_, told, message) => {
    await expect((await upstream(lengths, { metadata: told })).load()).rejects.toThrow(message);
  });

  test("a place that is no model of a server is refused; nobody listening is said", async () => {
    const context = { log: keptLog(), endpoints: noEndpoints, share: () => Promise.reject(new Error("not shared")) };
    await expect(proxyRuntime.load("http://127.0.0.1/models/x", {}, context)).rejects.toThrow("must read http://host:port/v2/models/NAME");
    await expect(proxyRuntime.load("http://127.0.0.1:1/v2/models/x", {}, context)).rejects.toThrow(/cannot be asked: .*ECONNREFUSED/);
    const places = ["http://h:1/v2/models/m", "https://h/prefix/v2/models/m/versions/2", "http://h/v1/models/m", "ftp://h/v2/models/m", "/v2/models/m"];
    expect(await Promise.all(places.map((place) => proxyRuntime.accepts(place)))).toEqual([true, true, false, false, false]);
  });

  test("missing values in answers stay missing", () => {
    const answer = { outputs: [{ name: "a", datatype: "FP32", shape: [2], data: [1, null] }, { name: "b", datatype: "INT64", shape: [2], data: [[null], [2]] }, { name: "c", datatype: "BYTES", shape: [1], data: [null] }] };
    const read = readInfer({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) }, ["c", "b", "a"]);
    expect(read.map(({ data }) => data)).toEqual([[""], Float64Array.of(NaN, 2), Float32Array.of(1, NaN)]);
  });
});
