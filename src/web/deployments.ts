import { createElement, Fragment } from "react";
import type { PageEntry } from "../ui/page-entry.ts";

/** The deployments page with its traffic over time and the live error of each variant: serving comes before monitoring and knows nothing of it. */
export const deploymentPages: readonly PageEntry[] = [
  {
    path: "/deployments",
    load: async () => {
      const [{ DeploymentsPage }, { VariantErrors }, { TrafficPanel }] = await Promise.all([import("../serving/pages/deployments-page.tsx"), import("../monitoring/pages/variant-errors.tsx"), import("../monitoring/pages/traffic-panel.tsx")]);
      return () => createElement(DeploymentsPage, { below: (endpoint: string) => createElement(Fragment, null, createElement(TrafficPanel, { endpoint }), createElement(VariantErrors, { endpoint })) });
    },
  },
];
