import { compileKernel } from "../../src/serving/gateway/tensors/number-lists/kernel.ts";
import { parseJsonBody } from "../../src/serving/gateway/tensors/number-lists/parse-body.ts";
import { readValues } from "../../src/serving/gateway/tensors/read-values.ts";

/** A picture in JSON: what reading it costs beside JSON.parse and a copy. */
export async function measureJson(): Promise<void> {
  await compileKernel();
  const count = 3 * 224 * 224;
  const floats = Array.from({ length: count }, (_, i) => Math.fround(((i * 7919) % 100_003) / 100_003));
  const pictures = { "32-bit floats, as Python writes them (17 digits)": floats, "four decimals": floats.map((value) => Number(value.toFixed(4))), "whole numbers up to 255": floats.map((value) => Math.floor(value * 256)) };
  const median = (work: () => unknown) => {
    for (let i = 0; i < 10; i++) work();
    const times = Array.from({ length: 31 }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    });
    return times.toSorted((a, b) => a - b)[15];
  };
  console.log(`\n### JSON of ${count} numbers\n\n| | JSON.parse and a copy, ms | ours, ms | |\n|---|---|---|---|`);
  for (const [name, numbers] of Object.entries(pictures)) {
    const body = Buffer.from(JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 3, 224, 224], data: numbers }] }));
    const theirs = median(() => Float32Array.from((JSON.parse(body.toString("utf8")) as { inputs: { data: number[] }[] }).inputs[0].data));
    const mine = median(() => readValues((parseJsonBody(body, ["data"]) as { inputs: { data: unknown }[] }).inputs[0].data, "FP32", count, "x"));
    console.log(`| ${name}, ${(body.length / 1e6).toFixed(1)} MB | ${theirs.toFixed(1)} | ${mine.toFixed(1)} | ${(theirs / mine).toFixed(2)}× |`);
  }
}
