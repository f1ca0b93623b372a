import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "./blobs.ts";

/** A blob store under test. */
export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  /** The same store opened anew, as another process would. */
  readonly reopen: () => BlobStore;
  /** How many things the store holds, leftovers of failed puts included. */
  readonly count: () => Promise<number>;
  /** Has the disk hold something else under this name, with other times; nothing at all without content. */
  readonly spoil: (sha256: string, content: Uint8Array | undefined) => Promise<void>;
  /** A folder of the test, for files to put. */
  readonly folder: string;
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
const absent = "0".repeat(64);

/** The contract of a blob store: call it in a test file, once per store. `open` gives an empty one. */
export function blobStoreConformance(name: string, open: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} keeps the contract of a blob store`, () => {
    test("what was put in comes out again, under its hash", async () => {
      const { store } = await open();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (content) => {
          const info = await store.put(content);
          expect(info).toEqual({ sha256: sha256(content), size: content.byteLength });
          expect(Buffer.compare(await store.get(info.sha256), content)).toBe(0);
        }),
        { numRuns: 20 },
      );
    });

    test("content comes as bytes, as a stream and as a file, and goes as all three", async () => {
      const { store, folder } = await open();
      const content = Buffer.from("a,b\n1,2\n".repeat(50_000));
      const file = join(folder, "table.csv");
      await writeFile(file, content);
      const infos = [await store.put(content), await store.put(Readable.from([content.subarray(0, 7), content.subarray(7)])), await store.putFile(file)];
      for (const info of infos) expect(info).toEqual({ sha256: sha256(content), size: content.byteLength });
      expect(await readFile(await store.localPath(infos[0].sha256))).toEqual(content);
      const parts: Buffer[] = [];
      for await (const part of await store.stream(infos[0].sha256)) parts.push(part as Buffer);
      expect(Buffer.concat(parts)).toEqual(content);
      expect(existsSync(file)).toBe(true);
    });

    test("a file may be handed over", async () => {
      const { store, folder } = await open();
      const file = join(folder, "model.onnx");
      await writeFile(file, "graph");
      const info = await store.putFile(file, { move: true });
      expect((await store.get(info.sha256)).toString()).toBe("graph");
    });

    test("the same content is kept once", async () => {
      const { store, count } = await open();
      const first = await store.put(Buffer.from("the same"));
      const before = await count();
      expect(await store.put(Buffer.from("the same"))).toEqual(first);
      expect(await count()).toBe(before);
    });

    test("puts at the same time do not disturb each other", async () => {
      const { store, count } = await open();
      const infos = await Promise.all(Array.from({ length: 40 }, (_, i) => store.put(Buffer.from(`content ${i % 4}`))));
      expect(new Set(infos.map((info) => info.sha256)).size).toBe(4);
      expect(await count()).toBe(4);
      for (let i = 0; i < 4; i++) expect((await store.get(sha256(`content ${i}`))).toString()).toBe(`content ${i}`);
    });

    test("a missing blob is said to be missing", async () => {
      const { store } = await open();
      expect(await store.has(absent)).toBe(false);
      for (const ask of [() => store.get(absent), () => store.stream(absent), () => store.localPath(absent)]) {
        await expect(ask()).rejects.toMatchObject({ code: "storage.blob_not_found", status: 404 });
      }
    });

    test.each([
      ["one bit turned", (content: Buffer) => Buffer.from(content.map((byte, at) => (at === 300_000 ? byte ^ 4 : byte))), /holds 700000 bytes whose SHA-256 is/],
      ["the last byte changed", (content: Buffer) => Buffer.concat([content.subarray(0, -1), Buffer.from([1])]), /holds 700000 bytes whose SHA-256 is/],
      ["cut", (content: Buffer) => content.subarray(0, 262_144), /holds 262144 bytes/],
      ["longer", (content: Buffer) => Buffer.concat([content, Buffer.from("more")]), /holds 700004 bytes/],
      ["empty", () => Buffer.alloc(0), /it is empty/],
    ])("%s: what is damaged is told and never given out whole, before and after the store is opened anew, and is mended by putting it again", async (_, spoiled, what) => {
      const { store, reopen, spoil } = await open();
      const content = Buffer.alloc(700_000, "grain ");
      const { sha256: digest, size } = await store.put(content);
      expect(await store.get(digest)).toEqual(content);
      await spoil(digest, spoiled(content));
      const damaged = { code: "storage.blob_damaged", status: 500, message: expect.stringMatching(what) as string };
      for (const one of [store, reopen()]) {
        await expect(one.get(digest)).rejects.toMatchObject(damaged);
        await expect(one.localPath(digest, "artifact x")).rejects.toMatchObject({ ...damaged, message: expect.stringMatching(/^artifact x is damaged/) as string });
        await expect(one.stream(digest, { part: { from: 1, to: 4 } })).rejects.toMatchObject(damaged);
        let came = 0;
        const all = (async () => {
          for await (const part of await one.stream(digest, { size })) came += (part as Buffer).length;
        })();
        await expect(all).rejects.toMatchObject({ code: "storage.blob_damaged" });
        expect(came).toBeLessThan(size);
      }
      await reopen().put(content);
      for (const one of [store, reopen()]) expect(await one.get(digest)).toEqual(content);
    });

    test("of a small file, and of one whose size is another, no stream begins", async () => {
      const { store, spoil } = await open();
      const [small, large] = await Promise.all([store.put(Buffer.from("abc")), store.put(Buffer.alloc(700_000, 7))]);
      await spoil(small.sha256, Buffer.from("abd"));
      await expect(store.stream(small.sha256)).rejects.toMatchObject({ code: "storage.blob_damaged" });
      await spoil(large.sha256, Buffer.alloc(699_999, 7));
      await expect(store.stream(large.sha256, { of: "artifact y", size: large.size })).rejects.toMatchObject({ code: "storage.blob_damaged", message: expect.stringMatching(/^artifact y .* 699999 bytes instead of 700000/) as string });
    });

    test("two files that have changed places are both told", async () => {
      const { store, spoil } = await open();
      const [one, other] = await Promise.all([store.put(Buffer.from("one")), store.put(Buffer.from("two"))]);
      await spoil(one.sha256, Buffer.from("two"));
      await spoil(other.sha256, Buffer.from("one"));
      for (const { sha256: digest } of [one, other]) await expect(store.get(digest)).rejects.toMatchObject({ code: "storage.blob_damaged" });
    });

    test("what was kept once and is gone is a loss, and told as that", async () => {
      const { store, spoil } = await open();
      const { sha256: digest } = await store.put(Buffer.from("gone"));
      await spoil(digest, undefined);
      for (const ask of [() => store.get(digest, "artifact z"), () => store.stream(digest, { of: "artifact z" }), () => store.localPath(digest, "artifact z")]) {
        await expect(ask()).rejects.toMatchObject({ code: "storage.blob_missing", status: 500, message: expect.stringMatching(/^artifact z is gone/) as string });
      }
    });

    test.each(["", "abc", "../../etc/passwd", "A".repeat(64), `${"0".repeat(63)}/`])("%j is no digest", async (digest) => {
      const { store } = await open();
      await expect(store.get(digest)).rejects.toMatchObject({ code: "storage.bad_digest", status: 400 });
      await expect((async () => store.has(digest))()).rejects.toMatchObject({ code: "storage.bad_digest" });
    });

    test("a put that fails on its way leaves nothing", async () => {
      const { store, count, folder } = await open();
      const breaking = Readable.from(
        (function* () {
          yield Buffer.from("the first half");
          throw new Error("the line broke");
        })(),
      );
      await expect(store.put(breaking)).rejects.toThrow("the line broke");
      await expect(store.putFile(join(folder, "absent.csv"))).rejects.toMatchObject({ code: "ENOENT" });
      await expect(store.putFile(folder)).rejects.toMatchObject({ syscall: expect.any(String) as string });
      expect(await count()).toBe(0);
      expect(await store.has(sha256("the first half"))).toBe(false);
    });

    test("what is listed is what was put, with its size and when; what is young is not removed, what is old is gone", async () => {
      const { store } = await open();
      const begin = Date.now();
      const infos = await Promise.all(["a", "bb", "ccc"].map((text) => store.put(Buffer.from(text))));
      const listed: { sha256: string; size: number; storedAt: number }[] = [];
      for await (const blob of store.list()) listed.push(blob);
      expect(listed.map(({ sha256, size }) => ({ sha256, size })).toSorted((one, other) => one.size - other.size)).toEqual(infos);
      // File systems may count in seconds.
      for (const { storedAt } of listed) expect(storedAt).toBeGreaterThan(begin - 2000);
      const later = Date.now() + 10_000;
      expect(await store.remove(infos[0].sha256, begin - 60_000)).toBe(false);
      expect(await store.has(infos[0].sha256)).toBe(true);
      expect(await store.remove(infos[0].sha256, later)).toBe(true);
      expect(await store.has(infos[0].sha256)).toBe(false);
      expect(await store.remove(infos[0].sha256, later)).toBe(false);
      expect(await store.put(Buffer.from("a"))).toEqual(infos[0]);
      expect((await store.get(infos[0].sha256)).toString()).toBe("a");
    });

    test("puts and removals of the same content at the same time: what was put last is there", async () => {
      const { store } = await open();
      for (let i = 0; i < 30; i++) {
        const { sha256: digest } = await store.put(Buffer.from("wanted"));
        const [, info] = await Promise.all([store.remove(digest, Date.now() - 1), store.put(Buffer.from("wanted"))]);
        expect((await store.get(info.sha256)).toString()).toBe("wanted");
      }
    });

    test("content is there after the store is opened anew", async () => {
      const { store, reopen } = await open();
      const info = await store.put(Buffer.from("kept"));
      expect((await reopen().get(info.sha256)).toString()).toBe("kept");
    });
  });
}
