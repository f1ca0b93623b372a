import type { PageEntry } from "../../ui/page-entry.ts";

export const trackingPages: readonly PageEntry[] = [
  { path: "/runs", load: async () => (await import("./runs-page.tsx")).RunsPage },
  { path: "/experiments", load: async () => (await import("./experiments-page.tsx")).ExperimentsPage },
  { path: "/experiments/$experiment", load: async () => (await import("./runs-page.tsx")).RunsPage },
  { path: "/runs/$run", load: async () => (await import("./run-page.tsx")).RunPage },
  { path: "/traces", load: async () => (await import("./traces/traces-page.tsx")).TracesPage },
  { path: "/traces/$trace", load: async () => (await import("./traces/trace-page.tsx")).TracePage },
  { path: "/compare/$runs", load: async () => (await import("./compare-page.tsx")).ComparePage },
];
