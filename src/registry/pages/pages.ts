import type { PageEntry } from "../../ui/page-entry.ts";

export const registryPages: readonly PageEntry[] = [
  { path: "/models", load: async () => (await import("./models-page.tsx")).ModelsPage },
  { path: "/models/$model", load: async () => (await import("./model-page.tsx")).ModelPage },
  { path: "/models/$model/$version", load: async () => (await import("./model-version-page.tsx")).ModelVersionPage },
  { path: "/models/$model/$version/compare/$otherModel/$other", load: async () => (await import("./compare-page.tsx")).ComparePage },
];
