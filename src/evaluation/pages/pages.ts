import type { PageEntry } from "../../ui/page-entry.ts";

export const evaluationPages: readonly PageEntry[] = [
  { path: "/evaluations", load: async () => (await import("./evaluations-page.tsx")).EvaluationsPage },
  { path: "/evaluations/$run", load: async () => (await import("./evaluation-page.tsx")).EvaluationPage },
];
