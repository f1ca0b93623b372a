import type { PageEntry } from "../../ui/page-entry.ts";

export const pipelinePages: readonly PageEntry[] = [
  { path: "/pipelines", load: async () => (await import("./pipeline-runs-page.tsx")).PipelineRunsPage },
  { path: "/pipelines/$run", load: async () => (await import("./pipeline-run-page.tsx")).PipelineRunPage },
  { path: "/triggers", load: async () => (await import("./triggers-page.tsx")).TriggersPage },
  { path: "/triggers/$name", load: async () => (await import("./trigger-page.tsx")).TriggerPage },
];
