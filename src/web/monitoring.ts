import { createElement, type ReactNode } from "react";
import type { ErrorMarks } from "../monitoring/pages/error-marks.ts";
import type { PageEntry } from "../ui/page-entry.ts";

/** The monitoring page with the loop's decisions on the live error: monitoring comes before optimization and knows nothing of it. */
export const monitoringPages: readonly PageEntry[] = [
  {
    path: "/monitoring",
    load: async () => {
      const [{ MonitoringPage }, { WithDecisions }] = await Promise.all([import("../monitoring/pages/monitoring-page.tsx"), import("../optimization/pages/with-decisions.tsx")]);
      return () => createElement(MonitoringPage, { marked: (endpoint: string, draw: (marks: ErrorMarks) => ReactNode) => createElement(WithDecisions, { endpoint, draw }) });
    },
  },
];
