import type { ModelFiles } from "./types.ts";

/** The files of a model, by their paths in its folder. */
export const filesOf = ({ sha256, size, python }: ModelFiles): { path: string; sha256: string; size: number }[] => (python ? [...python.files] : [{ path: "model.onnx", sha256, size }]);
