import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../fixtures/gateway-process.ts";
import { keepAsking } from "../fixtures/own-gateway.ts";
import { rowsOf } from "../fixtures/tensors.ts";
import { readFrames } from "./journal-frames.ts";
import { ownName } from "./journal-owner.ts";
import { Journal } from "./journal.ts";
import { LogChunk } from "./log-chunk.ts";
import { PiecePool } from "./piece-pool.ts";
import { PredictionLog } from "./prediction-log.ts";

const journalsIn = async (home: string): Promise<string[]> => {
  const entries = await readdir(join(home, "gateway", "journals"), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

const journaledRows = async (home: string): Promise<number> => {
  const read = await Promise.all((await journalsIn(home)).map(async (file) => readFrames(file, await readFile(file)).rows));
  return read.reduce((sum, rows) => sum + rows, 0);
};

async function query(home: string, sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(sql.replace("LOG", `read_parquet('${join(home, "predictions")}/*/*/*.parquet', union_by_name = true)`));
  connection.closeSync();
  return read.getRowsJson();
}

const served = () => makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1))));
const metric = async (url: string, name: string) => Number(new RegExp(`^millrace_prediction_log_${name} (.*)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())![1]);

describe("a gateway that is killed", () => {
  test("leaves its rows in journals, which the next one puts into files, once, and counts", async () => {
    const home = await served();
    const first = await startProcess(home);
    for (let i = 0; i < 20; i++) await first.infer("trips", trip(i, i % 2 === 0 ? null : 1, i % 3 === 0 ? "Ösló" : null, { id: `é ${i}` }));
    await expect.poll(() => journaledRows(home)).toBe(20);
    first.child.kill("SIGKILL");
    await first.exited;
    expect(await readdir(join(home, "predictions")).catch(() => [])).toEqual([]);
    const [journal] = await journalsIn(home);
    await copyFile(journal, join(home, "kept"));

    const second = await startProcess(home);
    await second.infer("trips", trip(100, 1, "Oslo", { id: "later" }));
    await second.admin("flush");
    const [rows, sum, cities, nulls] = (await query(home, "select count(distinct request_id), sum(input_distance), count(*) filter (input_city = 'Ösló'), count(*) filter (input_seats is null) from LOG"))[0];
    expect([rows, sum, cities, nulls]).toEqual(["21", 290, "7", "10"]);
    expect([await metric(second.url, "recovered_total"), await metric(second.url, "lost_total"), await metric(second.url, "rows_total")]).toEqual([20, 0, 1]);
    expect(await journalsIn(home)).toEqual([]);

    // As if it had been killed after the file was there and before the journal was gone.
    second.child.kill("SIGKILL");
    await second.exited;
    await mkdir(join(journal, ".."), { recursive: true });
    await copyFile(join(home, "kept"), journal);
    const third = await startProcess(home);
    await third.admin("flush");
    expect([await query(home, "select count(*) from LOG"), await journalsIn(home), await metric(third.url, "recovered_total")]).toEqual([[["21"]], [], 0]);
  });

  test("under load: whatever was in journals when it died is in files afterwards, and nothing twice", async () => {
    const home = await served();
    const first = await startProcess(home, "--log-rows", "50");
    const load = keepAsking(first.url, "trips", 8);
    await load.answered(1000);
    first.child.kill("SIGKILL");
    await first.exited;
    const outcomes = await load.stop();
    const journaled = await journaledRows(home);
    const second = await startProcess(home);
    await second.admin("flush");
    const [[rows, ids]] = await query(home, "select count(*), count(distinct request_id) from LOG");
    expect([ids, (await journalsIn(home)).length]).toEqual([rows, 0]);
    const { recovered, lost } = (await second.admin("status")).log;
    // A journal whose file is there already gives nothing more.
    expect(recovered).toBeLessThanOrEqual(journaled);
    expect([Number(rows) >= recovered, Number(rows) + lost <= outcomes.get(13)! + 8]).toEqual([true, true]);
    // What is missing came within the last moments: here a few requests of 1000.
    expect(Number(rows)).toBeGreaterThan(500);
  });

  test("a journal torn at its end gives what is whole, one that is no journal is told and left; another gateway's is not touched", async () => {
    const home = await served();
    const first = await startProcess(home);
    await first.infer("trips", trip(1, 1, "Oslo"));
    await expect.poll(() => journaledRows(home)).toBe(1);
    await first.infer("trips", trip(2, 1, "Oslo"));
    await expect.poll(() => journaledRows(home)).toBe(2);
    first.child.kill("SIGKILL");
    await first.exited;
    const [journal] = await journalsIn(home);
    await truncate(journal, (await readFile(journal)).length - 5);
    await writeFile(join(journal, "..", "strange.rows"), "these are no rows at all");
    await writeFile(join(home, "gateway", "journals", "99999999-1"), "where folders should be");
    const others = join(home, "gateway", "journals", await ownName());
    await mkdir(others);
    await copyFile(journal, join(others, "x.rows"));

    const second = await startProcess(home);
    const flushed = await second.admin("flush");
    expect(await query(home, "select input_distance from LOG")).toEqual([[1]]);
    const { log } = await second.admin("status");
    expect([flushed.status, log.recovered, log.lost, log.failures]).toEqual([200, 1, 1, 2]);
    await expect.poll(() => second.said()).toMatch(/strange.rows is no journal of this version of Millrace/);
    expect(new Set((await journalsIn(home)).map((file) => file.split("/").at(-1)))).toEqual(new Set(["strange.rows", "x.rows", "99999999-1"]));
  });
});

const entry = (rows: number, requestId = "r") => ({
  source: { endpoint: "e", version: "1", variant: "v", shadow: false, logShare: 1, classes: undefined, columns: undefined, knowsCategories: false },
  requestId,
  eventTime: 0,
  receivedAt: 0,
  propensity: 1,
  latencyMicros: 1,
  queueMicros: 1,
  runMicros: 1,
  rows,
  inputs: [rowsOf("x", rows, new Float32Array(rows)), rowsOf("t", rows, Array.from({ length: rows }, (_, i) => "ü".repeat(i)))],
  outputs: [rowsOf("y", rows, new Float32Array(rows))],
});

describe("a journal", () => {
  test("cut anywhere gives the frames before the cut, and says how many rows were in the one that was cut", async () => {
    const home = await makeHome();
    const file = join(home, "gateway", "a", "j.rows");
    const chunk = new LogChunk(entry(1), "j", new PiecePool());
    const journal = new Journal(file, chunk);
    const written: number[] = [];
    let headEnd = 0;
    for (const rows of [1, 40, 3]) {
      chunk.append(entry(rows));
      await journal.write(rows === 3);
      written.push((await readFile(file)).length);
    }
    const bytes = await readFile(file);
    headEnd = 16 + bytes.readUInt32LE(4);
    expect(readFrames(file, bytes)).toMatchObject({ rows: 44, lost: 0, head: chunk.head });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length }), (length) => {
        const whole = [1, 40, 3].filter((_, index) => written[index] <= length).reduce((sum, rows) => sum + rows, 0);
        const read = readFrames(file, bytes.subarray(0, length));
        expect(read.rows).toBe(whole);
        expect([0, 1, 40, 3]).toContain(read.lost);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 4, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const wrong = Buffer.from(bytes);
        wrong[at] ^= flip;
        // Damaged in one frame, it gives the others and counts the rows of this one; damaged in its head, it is no journal that anybody could remove.
        const read = at < headEnd ? undefined : readFrames(file, wrong);
        if (read) expect([read.rows, ...(at < written.at(-1)! ? [read.lost > 0] : [])]).toEqual([44 - [1, 40, 3][written.findIndex((end) => at < end)], true]);
        else expect(() => readFrames(file, wrong)).toThrow(/head of the journal .* is damaged|is no journal of this version/);
      }),
    );
    await journal.remove();
    expect(await readdir(join(file, ".."))).toEqual([]);
  });

  test("that cannot be written is told once; the rows reach their file all the same", async () => {
    const home = await makeHome();
    await writeFile(join(home, "in the way"), "");
    const told: string[] = [];
    const log = new PredictionLog({ directory: join(home, "predictions"), journals: join(home, "in the way"), owner: "o", fileRows: 1e6, seconds: 3600, capacity: 1e6, capacityBytes: 1e9, onError: (message) => told.push(message) });
    log.append(entry(2, "a"));
    await expect.poll(() => told, { timeout: 5000 }).toEqual([expect.stringMatching(/^rows are in memory only: .*(ENOTDIR|EEXIST)/)]);
    log.append(entry(2, "b"));
    await log.close();
    expect([log.status().written, await query(home, "select count(*) from LOG")]).toEqual([4, [["4"]]]);
    expect(told).toHaveLength(1);
  });
});
