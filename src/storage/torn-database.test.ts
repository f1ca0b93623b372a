import { copyFile, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { quickCheck } from "./damage.ts";
import { openDatabase } from "./database.ts";

/** A database in its own words, and its log, as they are on the disk when a process is killed after `commits` writes that it has answered. */
async function killed(commits: number, rowBytes: number): Promise<{ file: string; folder: string }> {
  const folder = await temporaryFolder();
  const db = openDatabase(join(folder, "live.db"));
  await sql`create table written (number integer primary key, text text not null)`.execute(db);
  await sql`create index written_text on written (text)`.execute(db);
  for (let number = 0; number < commits; number++) await sql`insert into written values (${number}, ${`row ${number} `.repeat(rowBytes / 8)})`.execute(db);
  const file = join(folder, "millrace.db");
  for (const end of ["", "-wal"]) await copyFile(join(folder, `live.db${end}`), `${file}${end}`);
  await db.destroy();
  return { file, folder };
}

const numbersIn = async (file: string): Promise<number[]> => {
  const db = openDatabase(file);
  try {
    return (await sql<{ number: number }>`select number from written order by number`.execute(db)).rows.map(({ number }) => number);
  } finally {
    await db.destroy();
  }
};

test("SQLite's log cut at every 4 KiB: what was written up to some moment is there, and nothing in part", async () => {
  const { file, folder } = await killed(20, 400);
  const wal = await readFile(`${file}-wal`);
  const whole = await numbersIn((await copies(file, folder, wal)));
  expect(whole).toEqual(Array.from({ length: 20 }, (_, at) => at));
  let last = -1;
  for (let cut = 0; cut <= wal.length; cut += 4096) {
    const copy = await copies(file, folder, wal.subarray(0, cut));
    expect(await quickCheck(copy), `cut at ${cut}`).toEqual([]);
    // Before the table's own commit there is none.
    const numbers = await numbersIn(copy).catch((error: Error) => (expect(error.message, `cut at ${cut}`).toMatch(/no such table/), []));
    expect(numbers, `cut at ${cut}`).toEqual(numbers.map((_, at) => at));
    expect(numbers.length).toBeGreaterThanOrEqual(last);
    last = numbers.length;
  }
  // The longest cut may lack the end of the last frame.
  expect(last).toBeGreaterThanOrEqual(19);
});

async function copies(file: string, folder: string, wal: Buffer): Promise<string> {
  const copy = join(folder, "copy.db");
  await copyFile(file, copy);
  await writeFile(`${copy}-wal`, wal);
  await writeFile(`${copy}-shm`, "");
  return copy;
}

test("whichever page of a database is overwritten, the look at its start finds it; a cut database, too", async () => {
  const { file, folder } = await killed(120, 800);
  const db = new DatabaseSync(file);
  db.exec("pragma wal_checkpoint(truncate)");
  const { page_size: size } = db.prepare("pragma page_size").get() as { page_size: number };
  const { page_count: pages } = db.prepare("pragma page_count").get() as { page_count: number };
  db.close();
  expect(pages).toBeGreaterThan(50);
  const copy = join(folder, "broken.db");
  for (let page = 0; page < pages; page += 3) {
    await copyFile(file, copy);
    const handle = await open(copy, "r+");
    await handle.write(Buffer.alloc(100, 0xa5), 0, 100, page * size);
    await handle.close();
    expect(await quickCheck(copy).catch((error: Error) => [error.message]), `page ${page + 1}`).not.toEqual([]);
  }
  for (let kept = 1; kept < pages; kept += 20) {
    await copyFile(file, copy);
    await truncate(copy, kept * size);
    expect(await quickCheck(copy), `cut after ${kept} pages`).not.toEqual([]);
  }
});
