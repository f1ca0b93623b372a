import { expect, onTestFinished, test } from "vitest";
import { startTarget } from "../target.ts";
import { openFuzzer } from "./fuzz.ts";
import { fuzzed } from "./fuzzed.ts";

const tries = Number(process.env["FUZZ"] ?? 1500);
const seed = Number(process.env["MILLRACE_SEED"] ?? 20_261_120);
/** Requests that are under way at once. */
const together = 4;

test.each(Object.entries(fuzzed))("%s: whatever is sent, no fault of the gateway's comes back, and nothing late", async (_, seeds) => {
  const target = await startTarget();
  const fuzzer = openFuzzer(target.address.port, target.address.grpcPort!);
  onTestFinished(() => fuzzer.close());
  for (const one of seeds) expect(await fuzzer.send(one)).toMatchObject({ status: one.grpc ? 0 : 200 });
  for (let at = 0; at < tries; at += together) {
    await Promise.all(Array.from({ length: together }, (__, index) => fuzzer.try(seeds[(at + index) % seeds.length], seed + at + index)));
  }
  await target.unmoved();
});
