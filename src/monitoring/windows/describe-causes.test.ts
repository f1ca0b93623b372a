import { expect, test } from "vitest";
import type { RevisionCauses } from "../types.ts";
import { describeCauses } from "./describe-causes.ts";

const none: RevisionCauses = { predictions: 0, labels: 0, corrections: 0, repeats: false };

test.each<[Partial<RevisionCauses>, string]>([
  [{ labels: 1 }, "1 late label"],
  [{ labels: 2, corrections: 1, predictions: 3 }, "2 late labels, 1 corrected label, 3 late predictions"],
  [{ predictions: -1, labels: -1, repeats: true }, "1 prediction that was a retry, 1 label that counts elsewhere or no more"],
  [{ labels: -2, repeats: true }, "2 labels that count elsewhere or no more, a request id that came again"],
  [{ repeats: true }, "a request id that came again"],
  [{}, "its predictions and labels were matched anew"],
])("%j reads %s", (causes, words) => {
  expect(describeCauses({ ...none, ...causes })).toBe(words);
});
