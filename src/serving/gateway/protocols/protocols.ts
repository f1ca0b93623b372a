import { openInference } from "./open-inference/open-inference.ts";
import type { Protocol } from "./protocol.ts";

/** Every protocol the gateway speaks. */
export const protocols: readonly Protocol[] = [openInference];
