import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as until } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import type { GatewayStatus } from "../../src/serving/gateway/gateway-status.ts";

/** Of `ENDURANCE_MINUTES` (3) each of the three gateways has a third, in milliseconds. */
export const lasting = (Number(process.env["ENDURANCE_MINUTES"] ?? 3) * 60_000) / 3;
/** Milliseconds from one change of models to the next. */
export const swapEvery = Math.min(10_000, lasting / 6);

/**
 * What `measure` finds once a process has its working size: after 60 % of the time, when heaps have grown to what the load needs (which takes the first half
 * minute) and what the prediction log held while its disk was full (a third to a half of the time) has been in memory once.
 */
export const settled = <T>(measure: () => Promise<T>): Promise<T> => until(lasting * 0.6).then(measure);

interface Address {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

/** The gateway of a home folder by its control paths, which stay when the server is gone. */
export async function gatewayOf(home: string) {
  const { pid, port, token } = JSON.parse(await readFile(join(home, "run", "gateway.json"), "utf8")) as Address;
  const url = `http://127.0.0.1:${port}`;
  const headers = { authorization: `Bearer ${token}` };
  return {
    pid,
    url,
    status: async () => (await (await fetch(`${url}/_millrace/status`, { headers })).json()) as GatewayStatus,
    flush: async () => (await fetch(`${url}/_millrace/flush`, { method: "POST", headers })).status,
    memory: async () => Number(/^process_resident_memory_bytes (.*)$/m.exec(await (await fetch(`${url}/metrics`)).text())![1]) / 2 ** 20,
  };
}

/** Rows in the files of a prediction log. */
export async function rowsIn(folder: string): Promise<number> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(`select count(*) from read_parquet('${folder}/**/*.parquet', union_by_name = true)`);
  connection.closeSync();
  return Number(read.getRows()[0][0]);
}

/** Does one after the other every so many milliseconds until `end`, then waits for the one under way. */
export async function every(milliseconds: number, end: number, act: (turn: number) => Promise<unknown>): Promise<number> {
  let turn = 0;
  while (performance.now() + milliseconds < end) {
    await until(milliseconds);
    await act(turn++);
  }
  return turn;
}

export const sum = (counts: ReadonlyMap<unknown, number>, of: (outcome: unknown) => boolean = () => true): number => [...counts].reduce((total, [outcome, count]) => total + (of(outcome) ? count : 0), 0);
