import { dirname } from "node:path";
import type { InferenceSession, InferenceSessionFactory } from "onnxruntime-node";
import { withTensorOutputs } from "./words/tensor-outputs.ts";

/** A session of an ONNX file, with tensors in the place of outputs that are maps by class for every row, or sequences of tensors. */
export async function createSession(sessions: InferenceSessionFactory, file: string, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  const session = await sessions.create(file, options);
  const others = session.outputMetadata.filter(({ isTensor }) => !isTensor).map(({ name }) => name);
  if (others.length === 0) return session;
  const bytes = await withTensorOutputs(file, others).catch((error: unknown) => {
    if (error instanceof RangeError) return undefined; // no protobuf
    throw error;
  });
  if (!bytes) return session;
  await session.release();
  return sessions.create(bytes, beside(file, options));
}

/** Bytes do not say in which folder the weights lie that a file keeps outside. */
const beside = (file: string, options: InferenceSession.SessionOptions): InferenceSession.SessionOptions => ({
  ...options,
  extra: { ...options.extra, session: { ...(options.extra?.["session"] as object | undefined), model_external_initializers_file_folder_path: dirname(file) } },
});
