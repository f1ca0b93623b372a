import type { PageEntry } from "../../ui/page-entry.ts";

export const optimizationPages: readonly PageEntry[] = [];
