import type { PageEntry } from "../../ui/page-entry.ts";

export const monitoringPages: readonly PageEntry[] = [];
