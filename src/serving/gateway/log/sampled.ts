import { hash } from "node:crypto";

/** Whether a request is within a share (0 to 1) of all: by its key alone, so that whoever asks gets the same answer. */
export const sampled = (key: string, share: number): boolean =>
  share >= 1 || hash("sha256", `log\0${key}`, "buffer").readUIntBE(0, 6) / 2 ** 48 < share;
