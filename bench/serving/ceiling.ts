/**
 * The raw loop: one process, one thread, batch after batch through ONNX Runtime, no server. What batching on a gateway could reach at most.
 *
 *     node ceiling.ts MODEL '[1024]' SECONDS → {"1": rows/s, "8": …}
 */
import { InferenceSession, Tensor } from "onnxruntime-node";

const [model, tail, seconds] = [process.argv[2], JSON.parse(process.argv[3]) as number[], Number(process.argv[4])];
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, extra: { session: { intra_op: { allow_spinning: "0" } } } });
const width = tail.reduce((all, one) => all * one, 1);
const result: Record<string, number> = {};
for (const rows of [1, 8, 32, 64, 128, 256]) {
  const x = new Tensor("float32", Float32Array.from({ length: rows * width }, (_, i) => ((i * 37) % 97) / 97), [rows, ...tail]);
  await session.run({ x });
  const began = performance.now();
  let runs = 0;
  while (performance.now() - began < seconds * 1000) {
    await session.run({ x });
    runs++;
  }
  const took = performance.now() - began;
  result[rows] = (runs * rows) / (took / 1000);
  if (took / runs > 1000) break; // larger batches take long, and memory
}
process.stdout.write(JSON.stringify(result));
