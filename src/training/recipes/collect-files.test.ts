import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { collectFiles } from "./collect-files.ts";

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await temporaryFolder(), "project");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

describe("the whole folder", () => {
  test("without what tools keep there and the source table, with the bits that say what may be executed", async () => {
    const folder = await folderOf({ "train.py": "1", "lib/a.py": "22", "lib/deep/b.txt": "3", ".git/config": "x", ".venv/x": "x", "env/pyvenv.cfg": "x", "env/bin/python": "x", "node_modules/a/b.js": "x", "lib/__pycache__/a.pyc": "x", "data/rows.csv": "x", ".Rprofile": "4", "go.sh": "5" });
    await chmod(join(folder, "go.sh"), 0o755);
    const found = await collectFiles(folder, null, [join(folder, "data/rows.csv")]);
    expect(found.map(({ path, size, executable }) => `${path} ${size}${executable ? " x" : ""}`)).toEqual([".Rprofile 1", "go.sh 1 x", "lib/a.py 2", "lib/deep/b.txt 1", "train.py 1"]);
  });

  test("is refused when it is large, naming the largest and what would be right", async () => {
    const folder = await folderOf({ "train.py": "1", "big.bin": "x".repeat(21 << 20) });
    await expect(collectFiles(folder, null, [])).rejects.toMatchObject({ code: "training.files_too_large", message: expect.stringMatching(/more than 20 MB or 2000 files .*big\.bin \(21\.0 MB\).*name what its command needs in train\.files/) as string });
    expect((await collectFiles(folder, ["train.py"], [])).map(({ path }) => path)).toEqual(["train.py"]);
    expect((await collectFiles(folder, ["big.bin"], [])).map(({ size }) => size)).toEqual([21 << 20]);
  });
});

describe("what is named", () => {
  test("files and folders, once each, also such as are left out otherwise", async () => {
    const folder = await folderOf({ "train.py": "1", "lib/a.py": "2", ".hidden/b": "3", "other.txt": "4" });
    expect((await collectFiles(folder, ["lib", "./lib/a.py", "train.py", ".hidden"], [])).map(({ path }) => path)).toEqual([".hidden/b", "lib/a.py", "train.py"]);
  });

  test.each([["/etc/hostname"], [".."], ["../other"], ["lib/../../other"], ["out"]])("%s is not within the folder", async (name) => {
    const folder = await folderOf({ "train.py": "1" });
    await symlink("/etc", join(folder, "out"));
    await expect(collectFiles(folder, [name], [])).rejects.toMatchObject({ code: "training.file_outside" });
  });

  test("what is not there is said", async () => {
    const folder = await folderOf({ "train.py": "1" });
    await expect(collectFiles(folder, ["trian.py"], [])).rejects.toMatchObject({ code: "training.file_not_found", message: "train.files names trian.py, which is not there" });
    await expect(collectFiles(join(folder, "gone"), null, [])).rejects.toMatchObject({ code: "training.file_not_found" });
  });

  test("a link within the folder is the file it leads to", async () => {
    const folder = await folderOf({ "lib/a.py": "22" });
    await symlink("lib/a.py", join(folder, "train.py"));
    expect((await collectFiles(folder, null, [])).map(({ path, size }) => `${path} ${size}`)).toEqual(["lib/a.py 2", "train.py 2"]);
  });
});
