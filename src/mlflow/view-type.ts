import type { Lifecycle } from "../tracking/types.ts";

/** Which lifecycle a search looks at. */
export const viewTypes = { ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 } as const;

export const lifecycleOf = (view: keyof typeof viewTypes | undefined): Lifecycle | undefined =>
  view === "ALL" ? undefined : view === "DELETED_ONLY" ? "deleted" : "active";
