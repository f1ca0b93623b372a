import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../fixtures/gateway-process.ts";
import { rowsOf } from "../fixtures/tensors.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { LogChunk } from "./log-chunk.ts";
import type { LogEntry } from "./log-entry.ts";
import { pathSafe } from "./log-file.ts";
import { PiecePool } from "./piece-pool.ts";
import { PredictionLog } from "./prediction-log.ts";
import type { PredictionLogOptions } from "./prediction-log.ts";

async function query(home: string, sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    const files = `read_parquet('${join(home, "predictions")}/*/*/*.parquet', union_by_name = true)`;
    return (await connection.runAndReadAll(sql.replace("LOG", files))).getRowsJson();
  } finally {
    connection.closeSync();
  }
}

const source = { endpoint: "trips", version: "1", variant: "champion", shadow: false, logShare: 1, classes: undefined, columns: undefined, knowsCategories: false };

const entryOf = (more: Partial<LogEntry> = {}): LogEntry => ({
  source,
  requestId: "r",
  eventTime: Date.UTC(2026, 0, 2),
  receivedAt: Date.UTC(2026, 0, 2),
  propensity: 1,
  latencyMicros: 100,
  queueMicros: 10,
  runMicros: 50,
  rows: 1,
  inputs: [rowsOf("distance", 1, Float32Array.of(1)), rowsOf("seats", 1, Float32Array.of(2)), rowsOf("city", 1, ["Oslo"])],
  outputs: [rowsOf("price", 1, Float32Array.of(13))],
  ...more,
});

const logIn = (home: string, more: Partial<PredictionLogOptions> = {}): PredictionLog =>
  new PredictionLog({
    directory: join(home, "predictions"),
    journals: join(home, "gateway", "journals"),
    owner: "own",
    fileRows: 1e6,
    seconds: 3600,
    capacity: 1e6,
    capacityBytes: 1e9,
    onError: (message) => expect.unreachable(message),
    ...more,
  });

describe("prediction log", () => {
  test("what was predicted reads back from Parquet: types, missing values, times in UTC, every row once", async () => {
    const home = await makeHome(
      config(
        1,
        endpoint("trips", variant("champion", "trips-1", 0.75), variant("challenger", "trips-2", 0.25)),
        endpoint("churn", variant("champion", "churn", 1)),
      ),
    );
    const gateway = await startProcess(home);
    const at = "2026-03-01T23:30:00.125-02:00"; // already 2 March in UTC
    await gateway.infer("trips", {
      id: "r1",
      parameters: { event_time: at },
      inputs: [
        { name: "distance", datatype: "FP32", shape: [2], data: [1.5, null] },
        { name: "seats", datatype: "INT32", shape: [2], data: [2, 3] },
        { name: "city", datatype: "BYTES", shape: [2], data: ["Rome", null] },
      ],
    });
    await gateway.infer("churn", trip(30, 1, "Oslo", { id: "r2", parameters: { event_time: Date.UTC(2026, 2, 3) } }));
    expect((await gateway.admin("flush")).status).toBe(200);

    const columns = await query(home, "describe select * from LOG");
    expect(Object.fromEntries(columns.map(([name, type]) => [name, type]))).toEqual({
      request_id: "VARCHAR",
      row_index: "BIGINT",
      row_digest: "BIGINT",
      event_time: "TIMESTAMP",
      received_at: "TIMESTAMP",
      endpoint: "VARCHAR",
      version: "VARCHAR",
      variant: "VARCHAR",
      shadow: "BOOLEAN",
      propensity: "DOUBLE",
      log_share: "DOUBLE",
      latency_us: "BIGINT",
      queue_us: "BIGINT",
      run_us: "BIGINT",
      status: "VARCHAR",
      input_distance: "DOUBLE",
      input_seats: "DOUBLE",
      input_city: "VARCHAR",
      output_prediction: "DOUBLE",
      output_label: "VARCHAR",
      output_probability_no: "DOUBLE",
      output_probability_yes: "DOUBLE",
    });
    const rows = await query(
      home,
      `select request_id, row_index, event_time::varchar, shadow, status, input_distance, input_seats, input_city, output_prediction,
              output_label, round(output_probability_yes, 3), latency_us >= queue_us + run_us and run_us > 0, abs(epoch(received_at) - ${Date.now() / 1000}) < 60
       from LOG order by request_id, row_index`,
    );
    const prediction =
      (await query(home, "select any_value(version) from LOG where request_id = 'r1'"))[0][0] === "trips-1" ? 0 : 1000;
    expect(rows).toEqual([
      ["r1", "0", "2026-03-02 01:30:00.125", false, "ok", 1.5, 2, "Rome", prediction + 25, null, null, true, true],
      ["r1", "1", "2026-03-02 01:30:00.125", false, "ok", null, 3, null, prediction + 3, null, null, true, true],
      ["r2", "0", "2026-03-03 00:00:00", false, "ok", 30, 1, "Oslo", null, "yes", 1, true, true],
    ]);
    expect(await readdir(join(home, "predictions", "trips"))).toEqual(["2026-03-02"]);
  });

  test("of a share of the requests each stands for more; failures are logged always", async () => {
    const shared = { ...endpoint("trips", variant("champion", "trips-1", 1), variant("next", "trips-2", 0, { shadow: true })), log: { share: 0.25 } };
    const home = await makeHome(config(1, shared, { ...endpoint("picky", variant("champion", "picky", 1)), log: { share: 0 } }));
    const gateway = await startProcess(home);
    await Promise.all(Array.from({ length: 400 }, (_, i) => gateway.infer("trips", trip(i, 1, "Oslo", { id: `request ${i}` }))));
    for (const amount of [1, 2e6]) await gateway.infer("picky", { inputs: [{ name: "amount", datatype: "FP32", shape: [1, 1], data: [amount] }] });
    await gateway.admin("flush");
    const [[champion, alone]] = await query(home, "select count(*) filter (not shadow), count(*) filter (pairs = 1) from (select *, count(*) over (partition by request_id) as pairs from LOG where endpoint = 'trips')");
    expect(Math.abs(Number(champion) - 100)).toBeLessThan(4 * Math.sqrt(400 * 0.25 * 0.75));
    expect(alone).toBe("0");
    expect(await query(home, "select distinct endpoint, status, log_share from LOG order by 1")).toEqual([["picky", "error", 1], ["trips", "ok", 0.25]]);
  });

  test("a file flushed survives kill -9, and leaves no other file behind", async () => {
    const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1))));
    const gateway = await startProcess(home);
    for (let i = 0; i < 20; i++) await gateway.infer("trips", trip(i, 1, "Oslo"));
    await gateway.admin("flush");
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    expect(await query(home, "select count(*), sum(input_distance) from LOG")).toEqual([["20", 190]]);
    const [day] = await readdir(join(home, "predictions", "trips"));
    expect(await readdir(join(home, "predictions", "trips", day))).toHaveLength(1);
  });

  test("SIGTERM with requests in flight: every answer that went out is in the log", async () => {
    const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1))));
    const gateway = await startProcess(home);
    const all = Promise.allSettled(Array.from({ length: 200 }, (_, i) => gateway.infer("trips", trip(i, 1, "Oslo"))));
    await gateway.infer("trips", trip(1, 1, "Oslo"));
    gateway.child.kill("SIGTERM");
    const answered = (await all).filter((result) => result.status === "fulfilled").map(({ value }) => value.status);
    expect(await gateway.exited).toBe(0);
    expect(new Set(answered)).toEqual(new Set([200]));
    expect(await query(home, "select count(*) from LOG")).toEqual([[String(answered.length + 1)]]);
  });

  test("a split sends each variant its share, sticks to keys, and logs the propensity", async () => {
    const home = await makeHome(
      config(1, endpoint("trips", variant("champion", "trips-1", 0.8), variant("challenger", "trips-2", 0.2))),
    );
    const gateway = await startProcess(home);
    const ask = async (more: object) =>
      (await gateway.infer("trips", trip(1, 1, "Oslo", more))).body.parameters?.variant;
    const byId = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask({ id: `request ${i}` })));
    const again = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask({ id: `request ${i}` })));
    expect(again).toEqual(byId);
    const challenger = byId.filter((name) => name === "challenger").length;
    expect(Math.abs(challenger - 200)).toBeLessThan(4 * Math.sqrt(1000 * 0.2 * 0.8));
    const user = await Promise.all(Array.from({ length: 20 }, () => ask({ parameters: { sticky_key: "user 7" } })));
    expect(new Set(user).size).toBe(1);
    await gateway.admin("flush");
    expect(await query(home, "select distinct variant, propensity from LOG order by variant")).toEqual([
      ["challenger", 0.2],
      ["champion", 0.8],
    ]);
  });

  test("shadows score what another variant answers; they are logged, never returned, and do not fail the request", async () => {
    const home = await makeHome(
      config(
        1,
        endpoint(
          "trips",
          variant("champion", "trips-1", 1),
          variant("candidate", "trips-2", 0, { shadow: true }),
          variant("wide", "wide", 0, { shadow: true }),
        ),
      ),
    );
    const gateway = await startProcess(home);
    const plain = await gateway.infer("trips", trip(1, 1, "Oslo", { id: "a" }));
    expect(plain.body).toMatchObject({ model_version: "trips-1", outputs: [{ data: [13] }] });
    const weather = { name: "weather", datatype: "BYTES", shape: [1], data: ["rain"] };
    const rich = await gateway.infer("trips", { id: "b", inputs: [...trip(1, 1, "Oslo").inputs, weather] });
    expect(rich.body.outputs?.[0].data).toEqual([13]); // an input that only another variant knows is no mistake
    await gateway.infer("trips/versions/trips-1", trip(1, 1, "Oslo", { id: "pinned" }));
    await gateway.admin("flush");
    expect(
      await query(home, "select request_id, variant, shadow, propensity, output_prediction from LOG order by 1, 3, 2"),
    ).toEqual([
      ["a", "champion", false, 1, 13],
      ["a", "candidate", true, 1, 1013],
      ["b", "champion", false, 1, 13],
      ["b", "candidate", true, 1, 1013],
      ["b", "wide", true, 1, 113],
      ["pinned", "champion", false, 1, 13],
    ]);
    const status = await gateway.admin("status");
    expect(status.endpoints[0].variants.map(({ name, requests, errors }) => [name, requests, errors])).toEqual([
      ["champion", 3, 0],
      ["candidate", 2, 0],
      ["wide", 1, 0],
    ]);
  });

  test("requests that failed in the model are logged without outputs", async () => {
    const home = await makeHome(config(1, endpoint("picky", variant("champion", "picky", 1))));
    const gateway = await startProcess(home);
    const amount = (value: number) => ({ inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [value] }] });
    await gateway.infer("picky", amount(2e6));
    await gateway.infer("picky", amount(5));
    await gateway.admin("flush");
    expect(await query(home, "select status, input_amount, output_prediction from LOG order by 2")).toEqual([
      ["ok", 5, 5],
      ["error", 2e6, null],
    ]);
  });

  test.each<[datatype: Tensor["datatype"], label: Tensor["data"], logged: string]>([
    ["INT64", BigInt64Array.of(-(2n ** 63n)), "-9223372036854775808"],
    ["INT32", Int32Array.of(2), "2"],
    ["BOOL", Uint8Array.of(1), "1"],
    ["BYTES", ["yes"], "yes"],
    ["BYTES", [Uint8Array.of(255, 0)], "/wA="],
  ])("a label of %s is logged as text", async (datatype, data, logged) => {
    const home = await makeHome();
    const log = logIn(home);
    log.append(entryOf({ outputs: [{ name: "label", datatype, shape: [1], data }] }));
    await log.close();
    expect(await query(home, "select output_label from LOG")).toEqual([[logged]]);
  });

  test("a disk that fails is counted and shown, the rows are kept and written once it works again", async () => {
    const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1))));
    await writeFile(join(home, "predictions"), "a file where the folder should be");
    const gateway = await startProcess(home);
    expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(200);
    const failed = await gateway.admin("flush");
    expect(failed.status).toBe(500);
    expect(((await failed.json()) as { error: string }).error).toMatch(
      /cannot be written to .*predictions: .*1 rows wait in memory/,
    );
    expect((await gateway.admin("status")).log).toMatchObject({
      written: 0,
      pending: 1,
      failures: 1,
      lastError: expect.any(String),
    });
    await rm(join(home, "predictions"));
    expect((await gateway.admin("flush")).status).toBe(200);
    expect((await gateway.admin("status")).log).toEqual({
      written: 1,
      pending: 0,
      dropped: 0,
      recovered: 0,
      lost: 0,
      failures: 1,
      lastError: null,
    });
    expect(await query(home, "select count(*) from LOG")).toEqual([["1"]]);
  });

  test("beyond its memory rows are dropped and counted, and memory is free again once they are written; of wide tensors the shape is kept", async () => {
    const home = await makeHome();
    const image = rowsOf("image", 2, new Float32Array(2 * 3 * 8 * 16));
    const entry = entryOf({ rows: 2, inputs: [{ ...image, shape: [2, 3, 8, 16] }, rowsOf("city", 2, [Uint8Array.of(255, 1), "Oslo"])], outputs: [rowsOf("y", 2, Float32Array.of(1, 2))] });
    const log = logIn(home, { capacityBytes: 2 * new LogChunk(entry, "", new PiecePool()).append(entry) });
    for (let i = 0; i < 3; i++) log.append(entry);
    expect(log.status()).toMatchObject({ pending: 4, dropped: 2 });
    await log.flush();
    log.append(entry);
    await log.close();
    expect(log.status()).toMatchObject({ written: 6, pending: 0, dropped: 2 });
    expect(await query(home, "select distinct input_image_shape, input_city, output_prediction from LOG order by 3")).toEqual([["2x3x8x16", "/wE=", 1], ["2x3x8x16", "Oslo", 2]]);
  });

  test("beyond its capacity rows are dropped and counted; a full file is written without being asked", async () => {
    const home = await makeHome();
    const log = logIn(home, { fileRows: 4, capacity: 10 });
    const entry = entryOf();
    for (let i = 0; i < 12; i++) log.append(entry);
    expect(log.status()).toMatchObject({ pending: 10, dropped: 2 });
    await log.flush();
    expect(log.status()).toMatchObject({ written: 10, pending: 0, dropped: 2 });
    expect(await readdir(join(home, "predictions", "trips", "2026-01-02"))).toHaveLength(3); // 4 + 4 + 2
    await log.close();
  });

  test("names from outside cannot leave the folder", async () => {
    expect(pathSafe("../a b/é.x")).toBe("%2E.%2Fa%20b%2F%C3%A9.x");
    const home = await makeHome();
    const log = logIn(home);
    log.append(entryOf({ source: { ...source, endpoint: "../../etc", version: "a/b", variant: ".." } }));
    await log.close();
    expect(await readdir(join(home, "predictions", "%2E.%2F..%2Fetc", "2026-01-02"))).toEqual([
      expect.stringMatching(/^a%2Fb-%2E\.-.*\.parquet$/),
    ]);
  });
});
