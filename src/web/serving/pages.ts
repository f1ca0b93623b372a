import type { PageEntry } from "../../ui/page-entry.ts";

export const servingPages: readonly PageEntry[] = [];
