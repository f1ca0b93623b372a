import colors from "picocolors";
import type { Report, ToldFinding } from "../types.ts";

/** A report for people: each finding with where, what to do and what became of its repair; then what was looked at. */
export function reportText({ home, full, running, whole, findings, checked }: Report): string {
  const counts = Object.entries(checked).map(([what, many]) => `${many} ${what}`).join(", ");
  const left = findings.filter(({ repaired }) => !repaired);
  const errors = left.filter(({ severity }) => severity === "error").length;
  const verdict = left.length === 0 ? colors.green(`${home} is whole`) : whole ? colors.yellow(`${home} is whole, with ${left.length === 1 ? "a warning" : `${left.length} warnings`}`) : colors.red(`${home} is not whole: ${errors === 1 ? "one finding" : `${errors} findings`}`);
  const looked = `Looked at ${counts || "nothing"}${running === null ? "; no server runs on it" : `; its server is process ${running}`}.`;
  const depth = full ? "" : "\nA quick look: --full reads every artifact, every row of the prediction log and every index, too.";
  return [...findings.map(one), `${verdict}.`, `${looked}${depth}`].join("\n");
}

function one({ check, severity, what, where, todo, repair, repaired, repairFailed }: ToldFinding): string {
  const mark = repaired ? colors.green("repaired") : severity === "error" ? colors.red("error") : colors.yellow("warning");
  const safe = repaired ? `repaired: ${repair}` : repairFailed !== null ? `not repaired: ${repairFailed}` : repair === null ? "no safe repair" : `safe to repair with --repair: ${repair}`;
  return `${mark} ${check}: ${what}\n  where  ${where}\n  to do  ${todo}\n  ${safe}`;
}
