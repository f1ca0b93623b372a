import type { PageEntry } from "../../ui/page-entry.ts";

export const loopPages: readonly PageEntry[] = [{ path: "/", load: async () => (await import("./loop-page.tsx")).LoopPage }];
