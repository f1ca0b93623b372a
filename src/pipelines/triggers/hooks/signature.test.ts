import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { requireSignature, type Headers } from "./signature.ts";

const now = Date.parse("2026-05-01T00:00:00Z");
const check = (host: "github" | "gitlab" | "gitea", headers: Headers, body: string, secret: string, at = now) => (): void => requireSignature(host, headers, Buffer.from(body), secret, at);
const refused = (what: RegExp): unknown => expect.objectContaining({ code: "pipelines.hook_refused", status: 401, message: expect.stringMatching(what) as string });

describe("GitHub", () => {
  // The values of docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation".
  const [secret, body, signature] = ["It's a Secret to Everybody", "Hello, World!", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"];
  test("the signature of its manual is right", () => expect(check("github", { "x-hub-signature-256": signature }, body, secret)).not.toThrow());
  test.each<[string, Headers, string, string, RegExp]>([
    ["no signature", {}, body, secret, /no header x-hub-signature-256/],
    ["the old signature alone", { "x-hub-signature": "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59" }, body, secret, /no header x-hub-signature-256/],
    ["another body", { "x-hub-signature-256": signature }, "Hello, World?", secret, /not made with the secret/],
    ["another secret", { "x-hub-signature-256": signature }, body, "other", /not made with the secret/],
    ["no prefix", { "x-hub-signature-256": signature.slice(7) }, body, secret, /not made with the secret/],
    ["a part of it", { "x-hub-signature-256": signature.slice(0, 20) }, body, secret, /not made with the secret/],
    ["nothing in it", { "x-hub-signature-256": "" }, body, secret, /not made with the secret/],
    ["two of it", { "x-hub-signature-256": [signature, signature] }, body, secret, /no header/],
  ])("%s is refused", (_, headers, sent, key, what) => expect(check("github", headers, sent, key)).toThrow(refused(what)));
});

describe("Gitea and Forgejo", () => {
  // docs.gitea.com, "Webhooks": hash_hmac('sha256', $payload, $secret_key, false), computed with OpenSSL: printf '%s' '{"ref":"refs/heads/main"}' | openssl dgst -sha256 -hmac 123
  const [secret, body, signature] = ["123", '{"ref":"refs/heads/main"}', "efbd8af947288f060207ecaca441c6320a355c63bf8c9060f7bd22e28e4613cf"];
  test("hexadecimal digits without a prefix", () => expect(check("gitea", { "x-gitea-signature": signature }, body, secret)).not.toThrow());
  test("none, another", () => {
    expect(check("gitea", {}, body, secret)).toThrow(refused(/no header x-gitea-signature/));
    expect(check("gitea", { "x-gitea-signature": signature.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }, body, secret)).toThrow(refused(/not made with/));
  });
});

describe("GitLab", () => {
  test("its token, or not", () => {
    expect(check("gitlab", { "x-gitlab-token": "s3cret" }, "{}", "s3cret")).not.toThrow();
    expect(check("gitlab", { "x-gitlab-token": "s3cre" }, "{}", "s3cret")).toThrow(refused(/x-gitlab-token is not/));
    expect(check("gitlab", {}, "{}", "s3cret")).toThrow(refused(/neither a webhook-signature nor an X-Gitlab-Token/));
  });

  // The values of Standard Webhooks' own libraries (github.com/standard-webhooks), which GitLab's signing token follows.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const body = '{"test": 2432232314}';
  const signed = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmKtSyNyE= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" };
  const at = 1_614_265_330_000;
  test("a signature of Standard Webhooks, among others", () => expect(check("gitlab", signed, body, secret, at + 299_000)).not.toThrow());
  test.each<[string, Headers, string, number, RegExp]>([
    ["another body", signed, "{}", at, /webhook-signature is not/],
    ["another id", { ...signed, "webhook-id": "msg_other" }, body, at, /webhook-signature is not/],
    ["another time", { ...signed, "webhook-timestamp": "1614265331" }, body, at, /webhook-signature is not/],
    ["no time", { ...signed, "webhook-timestamp": undefined }, body, at, /no webhook-id or webhook-timestamp/],
    ["sent again after five minutes", signed, body, at + 301_000, /more than five minutes off/],
    ["a wrong signature is not mended by a right token", { ...signed, "webhook-signature": "v1,AAAA", "x-gitlab-token": secret }, body, at, /webhook-signature is not/],
  ])("%s is refused", (_, headers, sent, time, what) => expect(check("gitlab", headers, sent, secret, time)).toThrow(refused(what)));

  test("a time that is none is refused, also when it is signed", () => {
    const signature = `v1,${createHmac("sha256", "key").update("a.soon.{}").digest("base64")}`;
    expect(check("gitlab", { "webhook-id": "a", "webhook-timestamp": "soon", "webhook-signature": signature }, "{}", "key")).toThrow(refused(/more than five minutes off/));
  });
});
