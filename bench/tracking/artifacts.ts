import { createReadStream, createWriteStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { randomBytes } from "node:crypto";
import { openClient } from "./load.ts";
import type { Figures } from "./figures.ts";

/** A file of random bytes to send. */
export async function bigFile(folder: string, megabytes: number): Promise<string> {
  const file = join(folder, "big.bin");
  const block = randomBytes(1 << 20);
  await pipeline(
    Readable.from(
      (function* () {
        for (let i = 0; i < megabytes; i++) {
          block.writeUInt32LE(i, 0);
          yield Buffer.from(block);
        }
      })(),
    ),
    createWriteStream(file, { flush: true }),
  );
  return file;
}

/** One file up and down through the artifact proxy; beside it what the disk itself takes to write and to read it. */
export async function measureArtifacts(url: string, file: string): Promise<Figures> {
  const { size } = await stat(file);
  const client = openClient(url);
  const { run } = (await client.post("runs/create", { experiment_id: "0" })) as { run: { info: { run_id: string } } };
  client.close();
  const address = `${url}/api/2.0/mlflow-artifacts/artifacts/0/${run.info.run_id}/artifacts/big.bin`;
  const speed = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    await work();
    return { value: size / 1e6 / ((performance.now() - begun) / 1000), unit: "MB/s" as const };
  };
  return {
    "artifact up": await speed(() => send(address, file, size)),
    "artifact down": await speed(async () => {
      const answer = await fetch(address);
      let received = 0;
      for await (const part of answer.body!) received += (part as Uint8Array).length;
      if (received !== size) throw new Error(`${received} of ${size} bytes came`);
    }),
  };
}

const send = (address: string, file: string, size: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = request(address, { method: "PUT", headers: { "content-length": size, "content-type": "application/octet-stream" } }, (answer) => {
      answer.resume().on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(String(answer.statusCode)))));
    });
    sent.on("error", reject);
    createReadStream(file, { highWaterMark: 1 << 20 }).pipe(sent);
  });

/** What the disk takes to write a copy of the file and sync it. */
export async function measureDisk(file: string): Promise<number> {
  const { size } = await stat(file);
  const copy = `${file}.copy`;
  const begun = performance.now();
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), createWriteStream(copy));
  const handle = await open(copy, "r+");
  await handle.sync();
  await handle.close();
  const taken = performance.now() - begun;
  await rm(copy);
  return size / 1e6 / (taken / 1000);
}
