import { chmod, mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { hashFile } from "../checked-file.ts";
import { blobStoreConformance } from "./blobs-conformance.ts";
import { openFolderBlobs } from "./folder-blobs.ts";

blobStoreConformance("the folder", async () => {
  const folder = await temporaryFolder();
  const root = join(folder, "artifacts");
  return {
    store: openFolderBlobs(root),
    reopen: () => openFolderBlobs(root),
    count: async () => (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length,
    spoil: async (sha256, content) => {
      const file = join(root, sha256.slice(0, 2), sha256.slice(2));
      await (content ? writeFile(file, content) : rm(file));
    },
    folder,
  };
});

test("what was hashed once is not read for it again, as long as size, time and inode stay", async () => {
  const root = await temporaryFolder();
  const store = openFolderBlobs(root);
  const { sha256 } = await store.put(Buffer.from("abc"));
  const file = join(root, "ba", sha256.slice(2));
  await utimes(file, 1000, 1000);
  await store.get(sha256);
  await writeFile(file, "abd");
  await utimes(file, 1000, 1000);
  expect(String(await store.get(sha256))).toBe("abd");
  await expect(openFolderBlobs(root).get(sha256)).rejects.toMatchObject({ code: "storage.blob_damaged" });
});

test.each([[0o444], [0o777], [0o600]])("a file of the modes %o comes in with those of whatever else is put there", async (mode) => {
  const folder = await temporaryFolder();
  const root = join(folder, "artifacts");
  const store = openFolderBlobs(root);
  const modeOf = async (sha256: string): Promise<number> => (await stat(join(root, sha256.slice(0, 2), sha256.slice(2)))).mode & 0o777;
  const usual = await modeOf((await store.put(Buffer.from("usual"))).sha256);
  for (const move of [false, true]) {
    const file = join(folder, `${mode}-${move}`);
    await writeFile(file, `content ${mode} ${move}`);
    await chmod(file, mode);
    expect(await modeOf((await store.putFile(file, { move })).sha256)).toBe(usual);
  }
});

test("blobs lie under the first two digits of their hash", async () => {
  const root = await temporaryFolder();
  const { sha256 } = await openFolderBlobs(root).put(Buffer.from("abc"));
  // FIPS 180-4's example.
  expect(sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(await readdir(join(root, "ba"))).toEqual([sha256.slice(2)]);
  expect(await hashFile(join(root, "ba", sha256.slice(2)))).toEqual({ sha256, size: 3 });
});

test("what is put again is young again; a file that is moved in with an old date is young, too", async () => {
  const root = await temporaryFolder();
  const store = openFolderBlobs(join(root, "artifacts"));
  const { sha256 } = await store.put(Buffer.from("abc"));
  const file = join(root, "artifacts", "ba", sha256.slice(2));
  await utimes(file, 1000, 1000);
  await store.put(Buffer.from("abc"));
  expect(await store.remove(sha256, Date.now() - 60_000)).toBe(false);
  await writeFile(join(root, "old"), "moved");
  await utimes(join(root, "old"), 1000, 1000);
  const moved = await store.putFile(join(root, "old"), { move: true });
  expect(await store.remove(moved.sha256, Date.now() - 60_000)).toBe(false);
});

test("a removal that a crash cut off is taken back: by who reads, and by the next list", async () => {
  const root = await temporaryFolder();
  const store = openFolderBlobs(root);
  const { sha256 } = await store.put(Buffer.from("abc"));
  for (const look of [() => store.get(sha256), () => store.has(sha256), () => store.list()[Symbol.asyncIterator]().next()]) {
    await rename(join(root, "ba", sha256.slice(2)), join(root, "tmp", `removing-${sha256}`));
    await look();
    expect(await readdir(join(root, "ba"))).toEqual([sha256.slice(2)]);
    expect(await readdir(join(root, "tmp"))).toEqual([]);
  }
});

test("a folder cannot be stored as a blob, and stays where it is", async () => {
  const root = await temporaryFolder();
  const folder = join(root, "some");
  await mkdir(folder);
  await expect(openFolderBlobs(join(root, "artifacts")).putFile(folder)).rejects.toThrow(/EISDIR|directory/i);
  expect(await readdir(root)).toContain("some");
});
