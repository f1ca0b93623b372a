import { createHmac } from "node:crypto";
import type { lookup, LookupAddress } from "node:dns";
import { describe, expect, test, vi } from "vitest";
import { openReceiver } from "../fixtures/open-receiver.ts";
import { send, type Message } from "./send.ts";

const messageTo = (url: string, secret: string | null = null): Message => ({ url, deliveryId: "d1", timestamp: 1700000000, payload: '{"a":"é"}', secret });

/** Names as the one who owns them wants them to be, one answer after another. */
const names = (...answers: readonly (readonly string[])[]) => {
  let asked = 0;
  const resolve = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void): void =>
    done(null, answers[Math.min(asked++, answers.length - 1)].map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
  return { resolve: resolve as unknown as typeof lookup, asked: () => asked };
};

test("a message with MLflow's headers, signed over id, time and body", async () => {
  const receiver = await openReceiver();
  expect(await send(messageTo(receiver.url, "s3cret"), { allow: ["localhost"] })).toEqual({ status: 200, body: "thanks", retryAfter: undefined });
  const [{ headers, body }] = receiver.received;
  expect(body).toBe('{"a":"é"}');
  expect(headers).toMatchObject({ "content-type": "application/json", "x-mlflow-delivery-id": "d1", "x-mlflow-timestamp": "1700000000" });
  expect(headers["x-mlflow-signature"]).toBe(`v1,${createHmac("sha256", "s3cret").update('d1.1700000000.{"a":"é"}').digest("base64")}`);
});

test("without a secret there is no signature", async () => {
  const receiver = await openReceiver();
  await send(messageTo(receiver.url), { allow: ["localhost"] });
  expect(receiver.received[0].headers).not.toHaveProperty("x-mlflow-signature");
});

describe("nothing inside is reached", () => {
  test.each([
    ["a name of this machine", ["127.0.0.1"]],
    ["one address among good ones", ["8.8.8.8", "10.0.0.1"]],
    ["an IPv4 address in an IPv6 one", ["::ffff:127.0.0.1"]],
    ["the metadata of the cloud", ["169.254.169.254"]],
    ["no address", []],
  ])("%s", async (_, addresses) => {
    const { resolve, asked } = names(addresses);
    const sent = await send(messageTo("https://inside.example/"), { allow: [], resolve });
    expect(sent).toMatchObject({ status: null, final: true, error: expect.stringContaining("non-public") as string });
    expect(asked()).toBe(1);
  });

  test("a name that changes between the check and the connection (DNS rebinding): it is resolved once, and the connection goes to what was checked", async () => {
    const { resolve, asked } = names(["2d00::1"], ["127.0.0.1"]);
    await send(messageTo("https://rebinding.example/"), { allow: [], resolve, timeout: 300 });
    expect(asked()).toBe(1);
  });

  test("what was allowed when it was made, and is no more", async () => {
    const receiver = await openReceiver();
    expect(await send(messageTo(receiver.url), { allow: [] })).toMatchObject({ status: null, final: true });
    expect(receiver.received).toEqual([]);
  });

  test("a redirect is an answer, not an address", async () => {
    const inside = await openReceiver();
    const receiver = await openReceiver((_request, response) => void response.writeHead(307, { location: inside.url }).end());
    expect(await send(messageTo(receiver.url), { allow: ["localhost"] })).toMatchObject({ status: 307 });
    expect(inside.received).toEqual([]);
  });

  test("a proxy of the environment is not asked", async () => {
    const [proxy, receiver] = [await openReceiver(), await openReceiver()];
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "NODE_USE_ENV_PROXY"]) vi.stubEnv(name, name.startsWith("NODE") ? "1" : new URL(proxy.url).origin);
    expect(await send(messageTo(receiver.url), { allow: ["localhost"] })).toMatchObject({ status: 200 });
    vi.unstubAllEnvs();
    expect(proxy.received).toEqual([]);
  });
});

describe("an answer that is none", () => {
  test("without end: 64 KB of it are read", async () => {
    const receiver = await openReceiver((_request, response) => {
      const more = (): void => void (response.destroyed || response.write("x".repeat(10_000), () => setImmediate(more)));
      more();
    });
    const sent = await send(messageTo(receiver.url), { allow: ["localhost"] });
    expect(sent.status === 200 && sent.body.length).toBe(65_536);
  });

  test.each<[string, Parameters<typeof openReceiver>[0], RegExp]>([
    ["that does not come", () => undefined, /no whole answer within 0.2 s/],
    ["that drips", (_request, response) => void response.write("x"), /no whole answer within 0.2 s/],
    ["that breaks off", (_request, response) => void response.destroy(), /hang up/],
  ])("%s", async (_, answer, error) => {
    const receiver = await openReceiver(answer);
    expect(await send(messageTo(receiver.url), { allow: ["localhost"], timeout: 200 })).toEqual({ status: null, final: false, error: expect.stringMatching(error) as string });
  });

  test("nobody there", async () => {
    expect(await send(messageTo("http://localhost:1/"), { allow: ["localhost"] })).toMatchObject({ status: null, final: false });
  });
});
