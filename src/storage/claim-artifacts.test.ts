import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { artifactStoreMigration, claimArtifacts } from "./claim-artifacts.ts";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { migrate } from "./migrations.ts";

async function open() {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  await migrate(db, [{ name: "storage", migrations: [artifactStoreMigration] }], 0);
  return db;
}

test("the folder that was claimed first is the database's, wherever it is moved", async () => {
  const [db, folder] = [await open(), await temporaryFolder()];
  const [first, moved, other] = [join(folder, "first"), join(folder, "moved"), join(folder, "other")];
  await Promise.all([claimArtifacts(db, first), claimArtifacts(db, first)]);
  await claimArtifacts(db, first);
  await rename(first, moved);
  await claimArtifacts(db, moved);
  await mkdir(other);
  await expect(claimArtifacts(db, other)).rejects.toMatchObject({ code: "storage.other_artifacts", message: expect.stringContaining(`are not in ${other}`) as string });
  const second = await open();
  await claimArtifacts(second, other);
  await expect(claimArtifacts(db, other)).rejects.toMatchObject({ code: "storage.other_artifacts" });
  await claimArtifacts(second, other);
});
