import type { PageEntry } from "../../ui/page-entry.ts";

export const dataPages: readonly PageEntry[] = [
  { path: "/data", load: async () => (await import("./dataset-versions-page.tsx")).DatasetVersionsPage },
  { path: "/data/$version", load: async () => (await import("./dataset-version-page.tsx")).DatasetVersionPage },
];
