import { parseJson } from "../../src/serving/gateway/tensors/parse-json.ts";
import { readValues } from "../../src/serving/gateway/tensors/read-values.ts";

/** A picture in JSON: what reading it costs beside JSON.parse and a copy. */
export function measureJson(): void {
  const count = 3 * 224 * 224;
  const pixels = Float32Array.from({ length: count }, (_, i) => Math.fround(((i * 7919) % 100_003) / 100_003));
  const body = Buffer.from(JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 3, 224, 224], data: Array.from(pixels) }] }));
  const theirs = () => Float32Array.from((JSON.parse(body.toString("utf8")) as { inputs: { data: number[] }[] }).inputs[0].data);
  const mine = () => readValues((parseJson(body.toString("utf8")) as { inputs: { data: number[] }[] }).inputs[0].data, "FP32", count, "x");
  const median = (work: () => unknown) => {
    for (let i = 0; i < 10; i++) work();
    const times = Array.from({ length: 31 }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    });
    return times.toSorted((a, b) => a - b)[15];
  };
  const [plain, own] = [median(theirs), median(mine)];
  console.log(`\n### JSON of ${count} numbers (${(body.length / 1e6).toFixed(1)} MB)\n\nJSON.parse and a copy ${plain.toFixed(1)} ms, ours ${own.toFixed(1)} ms: ${(plain / own).toFixed(2)}×.`);
}
