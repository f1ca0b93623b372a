import type { PageEntry } from "../../ui/page-entry.ts";

export const optimizationPages: readonly PageEntry[] = [{ path: "/optimization", load: async () => (await import("./optimization-page.tsx")).OptimizationPage }];
