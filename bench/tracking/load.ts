import { Agent, request } from "node:http";

/** A client that keeps its connection, as MLflow's does. */
export interface Client {
  readonly post: (path: string, body: unknown) => Promise<Record<string, unknown>>;
  readonly close: () => void;
}

export function openClient(url: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { hostname, port } = new URL(url);
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const payload = JSON.stringify(body);
        const sent = request(
          { agent, hostname, port, method: "POST", path: `/api/2.0/mlflow/${path}`, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload) } },
          (answer) => {
            let text = "";
            answer.setEncoding("utf8").on("data", (part: string) => (text += part));
            answer.on("end", () => (answer.statusCode === 200 ? resolve(JSON.parse(text) as Record<string, unknown>) : reject(new Error(`${answer.statusCode} ${text}`))));
          },
        );
        sent.on("error", reject).end(payload);
      }),
    close: () => agent.destroy(),
  };
}

export interface Load {
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
  readonly perSecond: number;
}

/** `clients` clients, each with its own connection, each asking again as soon as it is answered, for so many seconds. */
export async function load(url: string, clients: number, seconds: number, ask: (client: Client, number: number) => Promise<unknown>): Promise<Load> {
  const latencies: number[] = [];
  let number = 0;
  const begun = performance.now();
  const one = async (): Promise<void> => {
    const client = openClient(url);
    while (performance.now() - begun < seconds * 1000) {
      const sent = performance.now();
      await ask(client, number++);
      latencies.push(performance.now() - sent);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: clients }, one));
  return { latencies: latencies.toSorted((a, b) => a - b), perSecond: (latencies.length * 1000) / (performance.now() - begun) };
}

export const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
