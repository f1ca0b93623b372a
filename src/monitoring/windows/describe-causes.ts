import type { RevisionCauses } from "../types.ts";

/** Why a window changed, in words. */
export function describeCauses({ predictions, labels, corrections, repeats }: RevisionCauses): string {
  const counted = (n: number, one: string, many: string): string[] => (n > 0 ? [`${n} ${n === 1 ? one : many}`] : []);
  const words = [
    ...counted(labels, "late label", "late labels"),
    ...counted(corrections, "corrected label", "corrected labels"),
    ...counted(predictions, "late prediction", "late predictions"),
    ...counted(-predictions, "prediction that was a retry", "predictions that were retries"),
    ...counted(-labels, "label that counts elsewhere or no more", "labels that count elsewhere or no more"),
    ...(repeats && predictions >= 0 ? ["a request id that came again"] : []),
  ];
  return words.length === 0 ? "its predictions and labels were matched anew" : words.join(", ");
}
