import type { Outcome } from "./types.ts";

/** What came of a retraining, in words. */
export const outcomeNames: Readonly<Record<Outcome, string>> = {
  open: "no outcome yet",
  canary: "canary",
  promoted: "promoted",
  rolled_back: "rolled back",
  none_better: "nothing better",
  too_few_rows: "too few rows",
  gate_rejected: "refused by the gate",
  failed: "failed",
};
