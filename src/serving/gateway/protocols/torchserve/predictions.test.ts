import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../fixtures/gateway-process.ts";
import type { HttpRequest } from "../protocol.ts";
import { readParts } from "./payload.ts";

const models = config(
  1,
  endpoint("trips", variant("champion", "trips-1", 1, { version: "1" }), variant("next", "trips-2", 0, { version: "2" })),
  endpoint("words", variant("champion", "words", 1)),
  endpoint("pixels", variant("champion", "pixels", 1)),
  endpoint("amount", variant("champion", "amount", 1)),
);

const trip = { distance: 1.5, seats: 2, city: "Rome" };
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const png = Buffer.from("89504e470d0a1a0a0000", "hex");
const form = (fields: Record<string, string | Blob>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
};
const file = (bytes: Uint8Array | string, type = "application/octet-stream") => new Blob([bytes as never], { type });

async function start() {
  const gateway = await startProcess(await makeHome(models));
  const send = async (path: string, body: unknown, type?: string, method = "POST") => {
    const answer = await fetch(gateway.url + path, { method, ...(body !== undefined && { body: body as never }), headers: type === undefined ? {} : { "content-type": type } });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { ...gateway, send };
}

const json = "application/json";
const octets = "application/octet-stream";

describe("TorchServe predictions", () => {
  test("what its clients send, in all its forms", async () => {
    const { send } = await start();
    const cases: [what: string, path: string, body: unknown, type: string | undefined, answer: unknown][] = [
      ["JSON of a row", "/predictions/trips", JSON.stringify(trip), json, { prediction: 25 }],
      ["JSON of rows", "/predictions/trips", JSON.stringify([trip, { ...trip, city: null }]), json, [{ prediction: 25 }, { prediction: 5 }]],
      ["a version", "/predictions/trips/2", JSON.stringify(trip), json, { prediction: 1025 }],
      ["a version as archives write it", "/predictions/trips/2.0", JSON.stringify(trip), json, { prediction: 1025 }],
      ["the JSON of curl -T, without a type", "/predictions/trips", Buffer.from(JSON.stringify(trip)), undefined, { prediction: 25 }],
      ["the JSON of curl -d", "/predictions/trips", JSON.stringify(trip), "application/x-www-form-urlencoded", { prediction: 25 }],
      ["JSON under data", "/predictions/trips", JSON.stringify({ data: trip }), json, { prediction: 25 }],
      ["JSON under body, a list", "/predictions/amount", JSON.stringify({ body: [1, 2] }), json, { prediction: [1, 2] }],
      ["a form", "/predictions/trips", "distance=1.5&seats=2&city=Rome", "application/x-www-form-urlencoded", { prediction: 25 }],
      ["a multipart form", "/predictions/trips", form({ distance: "1.5", seats: "2", city: "Rome" }), undefined, { prediction: 25 }],
      ["a missing value in a form", "/predictions/trips", form({ distance: "", seats: "2", city: "Rome" }), undefined, { prediction: 22 }],
      ["a file of JSON under data", "/predictions/trips", form({ data: file(JSON.stringify(trip)) }), undefined, { prediction: 25 }],
      ["fields of raw bytes", "/predictions/trips", form({ distance: file(floats(1.5)), seats: file(floats(2)), city: "Rome" }), undefined, { prediction: 25 }],
      ["a text", "/predictions/words", "Grüße", "text/plain; charset=utf-8", { echo: "Grüße" }],
      ["a text that looks like JSON stays a text", "/predictions/words", '["a"]', octets, { echo: '["a"]' }],
      ["a file for a model that takes bytes", "/predictions/words", form({ data: file("hello") }), undefined, { echo: "hello" }],
      ["the values of the only input", "/predictions/pixels", "[[1,2,3],[4,5,6]]", json, { brightness: 21 }],
      ["those of two rows", "/predictions/pixels", "[[[1,2,3],[4,5,6]],[[0,0,0],[0,0,1]]]", json, { brightness: [21, 1] }],
      ["raw numbers", "/predictions/pixels", floats(1, 2, 3, 4, 5, 6), octets, { brightness: 21 }],
      ["raw numbers of two rows", "/predictions/pixels", floats(1, 2, 3, 4, 5, 6, 1, 1, 1, 1, 1, 1), octets, [{ brightness: 21 }, { brightness: 6 }]],
      ["the old path", "/trips/predict", JSON.stringify(trip), json, { prediction: 25 }],
      ["the old path with a version", "/trips/2/predict", JSON.stringify(trip), json, { prediction: 1025 }],
      ["invoke", "/models/trips/invoke", JSON.stringify(trip), json, { prediction: 25 }],
    ];
    for (const [what, path, body, type, answer] of cases) expect(await send(path, body, type), what).toMatchObject({ status: 200, body: answer });
    expect(await send("/predictions/trips?distance=1.5&seats=2&city=Rome", undefined, undefined, "GET")).toMatchObject({ body: { prediction: 25 } });
    expect(await send("/predictions/trips", JSON.stringify(trip), json, "PUT")).toMatchObject({ body: { prediction: 25 } });
  });

  test("what cannot be read is refused with TorchServe's exceptions and what would be right", async () => {
    const { send } = await start();
    const cases: [path: string, body: unknown, type: string | undefined, status: number, exception: string, message: RegExp][] = [
      ["/predictions/nobody", "{}", json, 404, "ModelNotFoundException", /unknown model: 'nobody' is not found/],
      ["/predictions/trips/9", "{}", json, 404, "ModelVersionNotFoundException", /'trips' version 9 is not found/],
      ["/predictions/pixels", png, octets, 415, "BadRequestException", /Images are not decoded here/],
      ["/predictions/pixels", png, "image/png", 415, "BadRequestException", /Images are not decoded here/],
      ["/predictions/pixels", form({ data: file(png, "image/png") }), undefined, 415, "BadRequestException", /Images are not decoded/],
      ["/predictions/words", png, "image/png", 400, "BadRequestException", /bytes that are no UTF-8; ONNX models take text only/],
      ["/predictions/pixels", floats(1, 2, 3), octets, 400, "BadRequestException", /6 elements of FP32 take 24 bytes, and the body has 12/],
      ["/predictions/pixels", "hello", "application/pdf", 415, "BadRequestException", /content type application\/pdf/],
      ["/predictions/trips", "Oslo", "text/plain", 400, "BadRequestException", /has 3 inputs \("distance", "seats", "city"\)/],
      ["/predictions/trips", form({ distance: "1", town: "Oslo" }), undefined, 400, "BadRequestException", /"seats", "city" are missing; .* does not know "town"/],
      ["/predictions/trips", form({ distance: "far", seats: "1", city: "Oslo" }), undefined, 400, "BadRequestException", /"distance": data\[0\] is "far"; it takes numbers/],
      ["/predictions/trips", "distance=1&distance=2", "application/x-www-form-urlencoded", 400, "BadRequestException", /more than once/],
      ["/predictions/trips", "no form", "multipart/form-data; boundary=x", 400, "BadRequestException", /multipart/],
      ["/predictions/trips", "no form", "multipart/form-data", 400, "BadRequestException", /multipart/],
      ["/predictions/trips", "{", json, 400, "BadRequestException", /not JSON/],
      ["/explanations/trips", "{}", json, 501, "NotImplementedException", /Captum/],
    ];
    for (const [path, body, type, status, exception, message] of cases) {
      const answer = await send(path, body, type);
      expect(answer, `${path} ${String(body)}`).toMatchObject({ status, body: { code: status, type: exception, message: expect.stringMatching(message) } });
    }
    const deleted = await send("/predictions/trips", undefined, undefined, "DELETE");
    expect(deleted).toMatchObject({ status: 405, body: { type: "MethodNotAllowedException" } });
    expect(deleted.headers.get("allow")).toMatch(/POST/);
    expect(await send("/nobody/predict", "{}", json)).toMatchObject({ status: 404, body: { type: "ResourceNotFoundException", message: expect.stringMatching(/nothing at POST \/nobody\/predict/) } });
    expect(await send("/nobody", "{}", json)).toMatchObject({ status: 404, body: { error: expect.stringMatching(/nothing at POST \/nobody;/) } });
  });

  test("OPTIONS tells the OpenAPI of all models, or of one, with examples that work", async () => {
    const { send } = await start();
    type Document = { paths: Record<string, { post: { requestBody: { content: Record<string, { example: unknown }> } } }> };
    const all = (await send("/", undefined, undefined, "OPTIONS")).body as unknown as Document;
    expect(Object.keys(all.paths)).toEqual(["/predictions/trips", "/predictions/words", "/predictions/pixels", "/predictions/amount"]);
    for (const [path, { post }] of Object.entries(all.paths)) {
      expect(await send(path, JSON.stringify(post.requestBody.content[json].example), json), path).toMatchObject({ status: 200 });
    }
    expect(Object.keys((await send("/predictions/words", undefined, undefined, "OPTIONS")).body["paths"] as object)).toEqual(["/predictions/words"]);
  });
});

describe("forms", () => {
  test("every field of a multipart form arrives as it was sent", async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), { selector: ([key]) => key, minLength: 1, maxLength: 6 }), async (fields) => {
        const sent = new Response(form(Object.fromEntries(fields.map(([key, bytes]) => [key, file(bytes)]))));
        const type = sent.headers.get("content-type")!;
        const request = { header: () => type, body: Buffer.from(await sent.arrayBuffer()) } as unknown as HttpRequest;
        const parts = await readParts(request);
        expect(Object.fromEntries(parts.map((part) => [part.name, [...part.bytes]]))).toEqual(Object.fromEntries(fields.map(([key, bytes]) => [key, [...bytes]])));
      }),
      { numRuns: 60 },
    );
  });

  test("whatever comes as a form is read or refused with a sentence", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const body = Buffer.concat([Buffer.from('--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n'), bytes]);
        const request = { header: () => "multipart/form-data; boundary=x", body } as unknown as HttpRequest;
        const outcome = await Promise.resolve(readParts(request)).catch((error: { code: string }) => error.code);
        expect(outcome === "serving.bad_form" || Array.isArray(outcome)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
