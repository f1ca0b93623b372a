import type { PageEntry } from "../../ui/page-entry.ts";

export const monitoringPages: readonly PageEntry[] = [{ path: "/monitoring", load: async () => (await import("./monitoring-page.tsx")).MonitoringPage }];
