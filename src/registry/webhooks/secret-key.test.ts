import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { secretKey } from "./secret-key.ts";

test("a secret comes back with the key of its home, for its owner only", async () => {
  const home = await temporaryFolder();
  const key = await secretKey(home);
  const sealed = key.seal("pässword", "w1");
  expect(sealed).not.toContain(Buffer.from("pässword").toString("base64").slice(0, 8));
  expect((await secretKey(home)).open(sealed, "w1")).toBe("pässword");
  expect(key.seal("pässword", "w1")).not.toBe(sealed);
  expect(() => key.open(sealed, "w2")).toThrow(/authenticate/);
  const other = await secretKey(await temporaryFolder());
  expect(() => other.open(sealed, "w1")).toThrow(/authenticate/);
  expect(other.name).not.toBe(key.name);
});

test("the key is its owner's alone, and a broken one is not replaced", async () => {
  const home = await temporaryFolder();
  const { name } = await secretKey(home);
  const path = join(home, "webhook-secrets.key");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(name).not.toContain((await readFile(path)).toString("hex").slice(0, 8));
  await writeFile(path, "");
  await expect(secretKey(home)).rejects.toMatchObject({ code: "registry.bad_secret_key" });
});
