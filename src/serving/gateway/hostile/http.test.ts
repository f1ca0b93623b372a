import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { brotliCompressSync, deflateRawSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { trip } from "../fixtures/gateway-process.ts";
import { bodyMib, sentence, startTarget } from "./target.ts";

/*
 * Requests that are no HTTP, or nearly: what Triton's fuzzers send (qa/L0_http_fuzz), smuggled requests, bodies that lie about themselves or never end.
 * Each is refused or its connection closed; the gateway goes on as if nothing had been.
 */

const path = "/v2/models/trips/infer";
const body = JSON.stringify(trip(1, 1, "Oslo"));
const host = "Host: 127.0.0.1\r\n";
const post = (headers: string, rest = body): string => `POST ${path} HTTP/1.1\r\n${host}${headers}\r\n${rest}`;
const length = `Content-Length: ${body.length}\r\n`;

/** Bytes on a connection, and how every answer to them begins; none where the connection is closed without a word. */
const connections: readonly [what: string, bytes: string | Uint8Array, answers: RegExp][] = [
  ["NUL bytes", "\0\0\0\0\r\n\r\n", /^400$/],
  ["a TLS hello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), /^400$/],
  ["HTTP/2 on the port of HTTP/1", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^(?:400|505)?$/],
  ["HTTP/0.9", "GET /v2\r\n", /^400$/],
  ["HTTP/9.9", `GET /v2 HTTP/9.9\r\n${host}\r\n`, /^(?:400|505)$/],
  ["no Host", "GET /v2 HTTP/1.1\r\n\r\n", /^400$/],
  ["a method that is none", `G\0T /v2 HTTP/1.1\r\n${host}\r\n`, /^400$/],
  ["a method that nobody takes", `MOVE ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^405$/],
  ["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", /^(?:4\d\d)?$/],
  ["an address elsewhere", `GET http://169.254.169.254/latest HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^(?:200|404)$/],
  ["a path that is no UTF-8", `GET /v2/models/%ff%fe HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^400$/],
  ["half of a percent sign", `GET /v2/models/%2 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^400$/],
  ["a path that leads upwards", `GET /v2/models/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^404$/],
  ["a model called __proto__", `GET /v2/models/__proto__ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, /^404$/],
  ["a path of 100 kB", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${host}\r\n`, /^431$/],
  ["a header of 100 kB", `GET /v2 HTTP/1.1\r\n${host}X: ${"a".repeat(100_000)}\r\n\r\n`, /^431$/],
  ["20 000 headers", `GET /v2 HTTP/1.1\r\n${host}${"a: b\r\n".repeat(20_000)}\r\n`, /^431$/],
  ["a header with a NUL byte", `GET /v2 HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`, /^400$/],
  ["a header that goes on in the next line", `GET /v2 HTTP/1.1\r\n${host}X: a\r\n b\r\nConnection: close\r\n\r\n`, /^(?:200|400)$/],
  ["a blank before the colon", `GET /v2 HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`, /^400$/],
  ["two lengths", post(`${length}Content-Length: 3\r\n`), /^400$/],
  ["a negative length", post("Content-Length: -1\r\n"), /^400$/],
  ["a length with a sign", post(`Content-Length: +${body.length}\r\n`), /^400$/],
  ["a length in hexadecimals", post("Content-Length: 0x10\r\n"), /^400$/],
  ["a length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n"), /^400$/],
  ["a length of two values", post(`Content-Length: ${body.length}, ${body.length}\r\n`), /^400$/],
  ["smuggling: a length and chunks", post(`${length}Transfer-Encoding: chunked\r\n`, "0\r\n\r\nGET /v2 HTTP/1.1\r\n\r\n"), /^400$/],
  ["smuggling: chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", `0\r\n\r\nGET /metrics HTTP/1.1\r\n${host}\r\n`), /^400$/],
  ["smuggling: chunks that are hidden", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), /^400$/],
  ["smuggling: chunks twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), /^400$/],
  ["smuggling: lines that end in LF", `POST ${path} HTTP/1.1\n${host}Content-Length: 0\n\n`, /^400$/],
  ["smuggling: a bare CR", `POST ${path} HTTP/1.1\r\nHost: a\rContent-Length: 5\r\n\r\n`, /^400$/],
  ["a chunk of negative size", post("Transfer-Encoding: chunked\r\n", "-1\r\n"), /^400$/],
  ["a chunk of 2^64 bytes", post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"), /^400$/],
  ["a chunk longer than it says", post("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"), /^400$/],
  ["a chunk with an extension of 100 kB", post("Transfer-Encoding: chunked\r\n", `2;${"a".repeat(100_000)}\r\nab\r\n0\r\n\r\n`), /^(?:400|413|431)$/],
  ["a body that is cut off", post(length, body.slice(0, -5)), /^(?:400)?$/],
  ["chunks that are cut off", post("Transfer-Encoding: chunked\r\n", "5\r\nab"), /^(?:400)?$/],
  ["a good request, then rubbish", `${post(length)}\0\0\0rubbish\r\n\r\n`, /^(?:200 )?400$/],
  ["a hundred requests at once, then rubbish", `${post(length).repeat(100)}x x x\r\n\r\n`, /^(?:200 )*400$/],
  ["a request within the body of another", post(`Content-Length: 5\r\nConnection: close\r\n`, `hello${post(length)}`), /^400$/],
];

test("what is no HTTP", async () => {
  const target = await startTarget();
  for (const [what, bytes, answers] of connections) {
    const begun = performance.now();
    const said = await target.say(bytes);
    const statuses = [...said.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status).join(" ");
    expect({ what, statuses, soon: performance.now() - begun < 2000 }).toEqual({ what, statuses: expect.stringMatching(answers), soon: true });
  }
  await target.unmoved();
});

const zeros = (mib: number): Buffer => gzipSync(Buffer.alloc(mib << 20));
const wrongSum = gzipSync(body);
wrongSum[wrongSum.length - 8] ^= 1;
const gzip = { "content-encoding": "gzip" };

const bodies: readonly [what: string, body: string | Uint8Array, headers: Record<string, string>, status: number, said: RegExp][] = [
  ["a body over the limit", Buffer.alloc((bodyMib << 20) + 1), {}, 413, /larger than the 8388608 bytes/],
  ["a small body that unpacks to 400 MiB", zeros(400), gzip, 413, /larger than the 8388608 bytes/],
  ["a small body that unpacks to another that unpacks to 400 MiB", gzipSync(zeros(400)), gzip, 400, /not UTF-8|not JSON/],
  ["two codings", gzipSync(gzipSync(body)), { "content-encoding": "gzip, gzip" }, 415, /Content-Encoding "gzip, gzip" is not known/],
  ["gzip that is none", body, gzip, 400, /not what its Content-Encoding "gzip" says/],
  ["gzip that is cut off", gzipSync(body).subarray(0, -9), gzip, 400, /not what its Content-Encoding/],
  ["gzip with a wrong checksum", wrongSum, gzip, 400, /not what its Content-Encoding/],
  ["gzip, then rubbish", Buffer.concat([gzipSync(body), Buffer.from("rubbish")]), gzip, 400, /not what its Content-Encoding/],
  ["deflate without its header", deflateRawSync(body), { "content-encoding": "deflate" }, 400, /not what its Content-Encoding/],
  ["a coding that is not taken", brotliCompressSync(body), { "content-encoding": "br" }, 415, /"br" is not known/],
  ["a coding called constructor", body, { "content-encoding": "constructor" }, 415, /"constructor" is not known/],
  ["a coding called __proto__", body, { "content-encoding": "__proto__" }, 415, /"__proto__" is not known/],
  ["no body that is compressed", "", gzip, 400, /not what its Content-Encoding|not JSON/],
];

test("bodies that are other than they say", async () => {
  const target = await startTarget();
  for (const [what, sent, headers, status, said] of bodies) {
    const begun = performance.now();
    const answer = await target.send({ path, body: sent, headers });
    expect({ what, status: answer.status, said: sentence(answer.text), soon: performance.now() - begun < 1500 }).toEqual({ what, status, said: expect.stringMatching(said), soon: true });
  }
  // Twenty bombs at once: what each unpacks to is never there.
  const bomb = zeros(400);
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 20 }, () => target.send({ path, body: bomb, headers: gzip })));
  await target.unmoved(20 * bodyMib * 2);
});

const drained = (socket: Socket): Promise<void> => new Promise((resolve) => void (socket.writableNeedDrain ? socket.once("drain", () => resolve()) : resolve()));

test("a body that never ends is cut soon after the limit", async () => {
  const target = await startTarget();
  for (const [header, frame] of [
    ["Transfer-Encoding: chunked\r\n", (size: number) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`],
    ["Content-Length: 1000000000000\r\n", (size: number) => "x".repeat(size)],
  ] as const) {
    const socket = connect({ port: target.address.port, host: "127.0.0.1" });
    let [said, sent] = ["", 0];
    socket.setEncoding("utf8").on("data", (part: string) => (said += part));
    const closed = new Promise<void>((resolve) => void socket.on("error", () => undefined).on("close", () => resolve()));
    socket.write(post(header, ""));
    const part = frame(1 << 16);
    while (!socket.destroyed && sent < 100 << 20) {
      if (!socket.write(part)) await Promise.race([drained(socket), closed]);
      sent += part.length;
    }
    expect(sent).toBeLessThan((bodyMib * 4) << 20);
    expect(said).toMatch(/^(?:HTTP\/1\.1 413|$)/);
    socket.destroy();
  }
  await target.unmoved();
});

test("chunks of one byte take little more memory than their bytes", async () => {
  const target = await startTarget();
  const before = await target.memory();
  const socket = connect({ port: target.address.port, host: "127.0.0.1" });
  const chunks = "1\r\nx\r\n".repeat(1 << 16);
  socket.write(post("Transfer-Encoding: chunked\r\n", ""));
  for (let at = 0; at < 24; at++) {
    socket.write(chunks);
    await drained(socket);
  }
  // 1.5 million bytes are there; as buffers of their own they would take hundreds of megabytes.
  expect(((await target.memory()) - before) / 2 ** 20).toBeLessThan(150);
  socket.end("0\r\n\r\n");
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(String(said)).toMatch(/^HTTP\/1\.1 400 [^]*not JSON/);
  socket.destroy();
  await target.unmoved();
});

test("five hundred bodies that come slowly hinder nobody", async () => {
  const target = await startTarget();
  const sockets = Array.from({ length: 500 }, () => connect({ port: target.address.port, host: "127.0.0.1" }));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  for (const socket of sockets) socket.write(post(length, body.slice(0, 10)));
  await target.unmoved();
  for (const socket of sockets) socket.write(body.slice(10, 20));
  await target.unmoved();
  // Half of them go away, half come to their end.
  const rest = sockets.splice(250);
  for (const socket of sockets) socket.destroy();
  const answers = rest.map((socket) => once(socket, "data") as Promise<[Buffer]>);
  for (const socket of rest) socket.write(body.slice(20));
  for (const [said] of await Promise.all(answers)) expect(String(said)).toMatch(/^HTTP\/1\.1 200/);
  for (const socket of rest) socket.destroy();
  await target.unmoved();
});
