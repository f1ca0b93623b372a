import { dataPages } from "../data/pages/pages.ts";
import { evaluationPages } from "../evaluation/pages/pages.ts";
import { optimizationPages } from "../optimization/pages/pages.ts";
import { pipelinePages } from "../pipelines/pages/pages.ts";
import { registryPages } from "../registry/pages/pages.ts";
import { trackingPages } from "../tracking/pages/pages.ts";
import type { PageEntry } from "../ui/page-entry.ts";
import { deploymentPages } from "./deployments.ts";
import { loopPages } from "./loop/pages.ts";
import { monitoringPages } from "./monitoring.ts";

/** All pages, room by room in the order of a model's life. */
export const pages: readonly PageEntry[] = [
  ...loopPages,
  ...dataPages,
  ...trackingPages,
  ...evaluationPages,
  ...registryPages,
  ...deploymentPages,
  ...monitoringPages,
  ...optimizationPages,
  ...pipelinePages,
];

/** The navigation, in the order of a model's life. */
export const navigation: readonly { readonly path: string; readonly name: string; /** Other pages that belong to it. */ readonly also?: readonly string[] }[] = [
  { path: "/", name: "The loop" },
  { path: "/data", name: "Data" },
  { path: "/runs", name: "Runs", also: ["/experiments", "/compare"] },
  { path: "/traces", name: "Traces" },
  { path: "/evaluations", name: "Evaluations" },
  { path: "/models", name: "Models" },
  { path: "/deployments", name: "Deployments" },
  { path: "/monitoring", name: "Monitoring" },
  { path: "/optimization", name: "Optimization" },
  { path: "/triggers", name: "Triggers" },
  { path: "/pipelines", name: "Pipelines" },
];
