import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { conflict } from "../errors.ts";
import { writeAtomically } from "./atomic-file.ts";
import type { Database } from "./database.ts";
import type { Migration } from "./migrations.ts";
import { lock, transact } from "./transactions.ts";

type Tables = { artifact_store: { id: string } };

export const artifactStoreMigration: Migration = {
  name: "0002-artifact-store",
  up: async (db) => {
    await db.schema.createTable("artifact_store").addColumn("id", "text", (column) => column.primaryKey()).execute();
  },
};

/**
 * Makes sure that a shared database's artifacts are in this folder: the first server writes a mark into both, the others must find it. Rows
 * name artifacts by their content alone, so a server with another folder would miss them only when somebody asks. Throws
 * `storage.other_artifacts`.
 */
export async function claimArtifacts(db: Database, folder: string): Promise<void> {
  const file = join(folder, "store-id");
  await mkdir(folder, { recursive: true });
  await transact(db, async (transaction) => {
    await lock(transaction, "storage.artifact_store");
    const found = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    const tables = transaction.withTables<Tables>();
    const known = (await tables.selectFrom("artifact_store").select("id").executeTakeFirst())?.id;
    if (known !== undefined && found !== known) {
      throw conflict("storage.other_artifacts", `The artifacts of this database are not in ${folder}: name the folder that all its servers share with --artifacts. If this is that folder, moved or restored, write ${known} into ${file}`);
    }
    if (known !== undefined) return;
    const id = found ?? randomUUID();
    if (found === undefined) await writeAtomically(folder, "store-id", id);
    await tables.insertInto("artifact_store").values({ id }).execute();
  });
}
