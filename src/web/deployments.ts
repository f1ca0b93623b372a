import { createElement } from "react";
import type { PageEntry } from "../ui/page-entry.ts";

/** The deployments page with the live error of each variant beside its traffic: serving comes before monitoring and knows nothing of it. */
export const deploymentPages: readonly PageEntry[] = [
  {
    path: "/deployments",
    load: async () => {
      const [{ DeploymentsPage }, { VariantErrors }] = await Promise.all([import("../serving/pages/deployments-page.tsx"), import("../monitoring/pages/variant-errors.tsx")]);
      return () => createElement(DeploymentsPage, { below: (endpoint: string) => createElement(VariantErrors, { endpoint }) });
    },
  },
];
