import { request } from "node:http";
import { connect } from "node:net";
import { expect } from "vitest";
import { config, endpoint, makeHome, startWith, trip, variant } from "../fixtures/gateway-process.ts";
import type { GatewayProcess } from "../fixtures/gateway-process.ts";

export interface Said {
  readonly status: number;
  readonly text: string;
}

/** What a request may be: the path, the bytes of its body, its headers. */
export interface Sent {
  readonly path: string;
  readonly body: string | Uint8Array;
  readonly headers?: Record<string, string | string[]>;
}

export interface Target extends GatewayProcess {
  /** Sends a request and its Content-Length as they are; fails when the connection is cut without an answer. */
  send(sent: Sent): Promise<Said>;
  /** Writes bytes to a connection and ends it; resolves with all that came back when the gateway has closed it. */
  say(...parts: (string | Uint8Array)[]): Promise<string>;
  /** Resident memory of the gateway in bytes. */
  memory(): Promise<number>;
  /** Fails when the gateway is another process, has kept more than `mib` of memory, or does not answer a request rightly and soon. */
  unmoved(mib?: number): Promise<void>;
}

/** The sentence of a failure, in whatever shape its protocol puts it; a page is all sentence. */
export function sentence(text: string): string {
  if (text.startsWith("<")) return text;
  const { error, message } = JSON.parse(text) as { error?: string; message?: string };
  return error ?? message ?? "";
}

const models = ["trips-1", "simple", "simple_string", "matrix", "churn"];

/** Bodies may be as large as this. */
export const bodyMib = 8;

/**
 * A heap that leaves no room for what is kept: how much garbage V8 lets lie before it collects depends on the
 * memory of the machine, and resident memory counts it. A gateway that keeps more than this ends.
 */
const smallHeap = { NODE_OPTIONS: "--max-old-space-size=192 --max-semi-space-size=8" };

/** A real gateway that serves models of every kind of datatype under their names; killed after the test. */
export async function startTarget(): Promise<Target> {
  const endpoints = models.map((model) => endpoint(model.replace("-1", ""), { ...variant("champion", model, 1), version: "1" }));
  const gateway = await startWith(smallHeap, await makeHome(config(1, ...endpoints)), "--max-body-mib", String(bodyMib), "--log-seconds", "1");
  const { port, pid } = gateway.address;
  const send = ({ path, body, headers = {} }: Sent) =>
    new Promise<Said>((resolve, reject) => {
      const asked = request({ port, host: "127.0.0.1", path, method: "POST", agent: false, headers: { "content-length": Buffer.byteLength(body), ...headers } }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("end", () => resolve({ status: answer.statusCode!, text })).on("error", reject);
      });
      asked.on("error", reject).end(body);
    });
  const say = (...parts: (string | Uint8Array)[]) =>
    new Promise<string>((resolve) => {
      let said = "";
      const socket = connect({ port, host: "127.0.0.1" });
      for (const part of parts) socket.write(part);
      socket.end();
      socket.setEncoding("utf8").on("data", (part: string) => (said += part));
      socket.on("error", () => undefined).on("close", () => resolve(said));
    });
  const memory = async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (.*)$/m.exec(text)![1]);
  };
  const answers = async () => {
    const begun = performance.now();
    const { status, body } = await gateway.infer("trips", trip(1, 1, "Oslo"));
    expect([status, body.outputs?.[0].data, performance.now() - begun < 1000]).toEqual([200, [13], true]);
  };
  for (let i = 0; i < 50; i++) await answers();
  const level = await memory();
  const unmoved = async (mib = 160) => {
    await answers();
    expect([gateway.child.exitCode, (await gateway.admin("status")).pid]).toEqual([null, pid]);
    expect(((await memory()) - level) / 2 ** 20).toBeLessThan(mib);
  };
  return { ...gateway, send, say, memory, unmoved };
}
