import { Agent, request } from "node:http";
import { connect } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import type { Seed } from "./fuzzed.ts";
import { mutateBytes, mutateJson } from "./mutate.ts";
import { Random } from "./random.ts";

/** What came back: a status of HTTP, or a code of gRPC. */
export interface Outcome {
  readonly status: number;
  readonly text: string;
}

export interface Fuzzer {
  /** Sends a request made from a seed by the number `seed`. Fails with what was sent when the answer is none that a wrong request may get. */
  try(from: Seed, seed: number): Promise<void>;
  /** Sends a request as it is. */
  send(sent: Seed): Promise<Outcome>;
  close(): void;
}

const slowest = 1000;
const notBuilt = 501;
const notNow = 503;
/** UNKNOWN, INTERNAL, DATA_LOSS: of gRPC's codes, those that say that the server is at fault. */
const grpcFaults = new Set([2, 13, 15]);

/** Asks a gateway on this machine for what nobody should ask. */
export function openFuzzer(port: number, grpcPort: number): Fuzzer {
  const agent = new Agent({ keepAlive: true });
  const session = connect(`http://127.0.0.1:${grpcPort}`);
  session.on("error", () => undefined); // the call that it fails says so
  const send = (sent: Seed) => (sent.grpc ? call(session, sent) : post(agent, port, sent));
  const timed = async (sent: Seed): Promise<Outcome & { ms: number }> => {
    const begun = performance.now();
    const outcome = await send(sent);
    return { ...outcome, ms: performance.now() - begun };
  };
  return {
    send,
    async try(from, seed) {
      const sent = mutated(from, new Random(seed));
      let outcome = await timed(sent);
      if (outcome.ms > slowest) outcome = await timed(sent); // the machine may have been busy
      const { status, text, ms } = outcome;
      const fault = sent.grpc ? grpcFaults.has(status) : status >= 500 && status !== notBuilt && status !== notNow;
      if (!fault && ms <= slowest) return;
      const shown = typeof sent.body === "string" ? sent.body : sent.body.toString("latin1");
      throw new Error(`seed ${seed}: ${sent.path} answered ${status} in ${Math.round(ms)} ms: ${text.slice(0, 500)}\n${JSON.stringify(sent.headers ?? {})}\n${JSON.stringify(shown.slice(0, 3000))}`);
    },
    close() {
      agent.destroy();
      session.destroy();
    },
  };
}

const lengthHeader = "inference-header-content-length";

function mutated(from: Seed, random: Random): Seed {
  const headers: Record<string, string> = { ...from.headers };
  const names = Object.keys(headers);
  if (names.length > 0 && random.below(4) === 0) headers[random.pick(names)] = random.pick(["", "0", "1", "-1", "99999999999", "text/csv", "application/json; charset=x", "\xe9", "a".repeat(2000), "application/cloudevents+json"]);
  const { body } = from;
  if (typeof body === "string") {
    if (/^[[{]/.test(body) && random.below(4) > 0) return { ...from, headers, body: isJson(body) ? mutateJson(body, random) : mutateLine(body, random) };
    return { ...from, headers, body: mutateBytes(Buffer.from(body), random) };
  }
  if (headers[lengthHeader] === undefined) return { ...from, headers, body: mutateBytes(body, random) };
  return { ...from, ...mutatedBinary(body, headers, random) };
}

/** JSON Lines with one of them changed. */
function mutateLine(text: string, random: Random): string {
  const lines = text.trimEnd().split("\n");
  const at = random.below(lines.length);
  return lines.map((line, index) => `${index === at ? mutateJson(line, random) : line}\n`).join("");
}

/** A binary request with its JSON, its tensors or the whole of it changed; where only the JSON is, its length is right. */
function mutatedBinary(body: Buffer, headers: Record<string, string>, random: Random): Pick<Seed, "headers" | "body"> {
  const length = Number(headers[lengthHeader]);
  if (!(length > 1 && length <= body.length) || random.below(3) === 0) return { headers, body: mutateBytes(body, random) };
  if (random.below(2) === 0) return { headers, body: Buffer.concat([body.subarray(0, length), mutateBytes(body.subarray(length), random)]) };
  const json = Buffer.from(/^[[{]/.test(body.toString("latin1", 0, 1)) && isJson(body.toString("utf8", 0, length)) ? mutateJson(body.toString("utf8", 0, length), random) : "{}");
  return { headers: { ...headers, [lengthHeader]: String(json.length) }, body: Buffer.concat([json, body.subarray(length)]) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function post(agent: Agent, port: number, { path, headers, body }: Seed): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode!, text })).on("error", reject);
    });
    asked.on("error", reject).end(body);
  });
}

function call(session: ClientHttp2Session, { path, body }: Seed): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
    const read = (got: IncomingHttpHeaders) => {
      if (got["grpc-status"] !== undefined) resolve({ status: Number(got["grpc-status"]), text: got["grpc-message"]?.toString() ?? "" });
    };
    stream.on("response", read).on("trailers", read).on("error", reject);
    stream.on("close", () => reject(new Error(`${path}: closed with ${stream.rstCode} and no status`)));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    stream.resume().end(Buffer.concat([head, Buffer.from(body as Buffer)]));
  });
}
