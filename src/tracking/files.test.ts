import { expect, test } from "vitest";
import { deleteFiles, foldersOf, listFolder, readFileEntry, storeFile } from "./files.ts";
import { openLedger } from "./fixtures/open-ledger.ts";

async function openShelf() {
  const db = await openLedger();
  for (const [index, path] of ["a.txt", "deep/b.txt", "deep/er/c.txt", "deep.txt", "deeper/d.txt"].entries()) {
    await storeFile(db, "run", path, { sha256: `${index}`, size: index });
  }
  await storeFile(db, "other", "a.txt", { sha256: "x", size: 99 });
  return db;
}

test("a folder lists what lies in it, files with their sizes", async () => {
  const db = await openShelf();
  expect(await listFolder(db, "run", "")).toEqual([
    { path: "a.txt", folder: false, size: 0 },
    { path: "deep", folder: true, size: 0 },
    { path: "deep.txt", folder: false, size: 3 },
    { path: "deeper", folder: true, size: 0 },
  ]);
  expect((await listFolder(db, "run", "deep")).map((entry) => entry.path)).toEqual(["deep/b.txt", "deep/er"]);
  expect(await listFolder(db, "run", "a.txt")).toEqual([]);
  expect(await listFolder(db, "nobody", "")).toEqual([]);
});

test("a file stored again is replaced", async () => {
  const db = await openShelf();
  await storeFile(db, "run", "a.txt", { sha256: "new", size: 7 });
  expect(await readFileEntry(db, "run", "a.txt")).toEqual({ path: "a.txt", sha256: "new", size: 7 });
  expect(await readFileEntry(db, "other", "a.txt")).toMatchObject({ sha256: "x" });
});

test("a folder is deleted with what is below it, and nothing else", async () => {
  const db = await openShelf();
  expect(await deleteFiles(db, "run", "deep")).toBe(2);
  expect((await listFolder(db, "run", "")).map((entry) => entry.path)).toEqual(["a.txt", "deep.txt", "deeper"]);
  await expect(readFileEntry(db, "run", "deep/b.txt")).rejects.toMatchObject({ code: "tracking.artifact_not_found" });
});

test.each([
  ["a.txt/b.txt", "file"],
  ["deep/b.txt/c/d", "file"],
  ["deep", "folder"],
  ["deep/er", "folder"],
])("%j is not stored: its name, or one on the way, is a %s", async (path, as) => {
  const db = await openShelf();
  await expect(storeFile(db, "run", path, { sha256: "new", size: 7 })).rejects.toMatchObject({ code: "tracking.artifact_name_taken", status: 400, message: expect.stringContaining(`is a ${as} here already`) });
  await storeFile(db, "third", path, { sha256: "new", size: 7 });
  expect(await listFolder(db, "run", "deep")).toHaveLength(2);
});

test.each(["a.txt.b", "a.tx", "a.txt0", "a.txt-/b", "deepe", "deep/e", "deep/er/c.txt"])("%j is another name, or the same file", async (path) => {
  const db = await openShelf();
  await storeFile(db, "run", path, { sha256: "new", size: 7 });
  expect(await readFileEntry(db, "run", path)).toMatchObject({ sha256: "new" });
});

test("a folder that is deleted leaves its name", async () => {
  const db = await openShelf();
  await deleteFiles(db, "run", "deep");
  await storeFile(db, "run", "deep", { sha256: "new", size: 7 });
  expect(foldersOf("a/b/c")).toEqual(["a", "a/b"]);
});
