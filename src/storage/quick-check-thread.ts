import { DatabaseSync } from "node:sqlite";
import { serveThread } from "../threads.ts";

/** How many faults are told. */
const most = 10;

serveThread<{ readonly file: string }, readonly string[]>(import.meta.url, async ({ file }) => {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    try {
      const said = db.prepare(`pragma quick_check(${most})`).all().flatMap((row) => Object.values(row).map(String));
      return { output: said.filter((line) => line !== "ok") };
    } finally {
      db.close();
    }
  } catch (error) {
    const { errcode } = error as { readonly errcode?: number };
    // Corrupt and "not a database" (sqlite.org/rescode.html) are damage; anything else says nothing of the pages.
    if (errcode !== undefined && [11, 26].includes(errcode & 0xff)) return { output: [(error as Error).message] };
    throw error;
  }
});
