import type { PageEntry } from "../../ui/page-entry.ts";

export const pipelinePages: readonly PageEntry[] = [];
