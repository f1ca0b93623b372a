import type { TrainOutput } from "../training/train-step.ts";
import { adopted } from "../training/types.ts";
import type { GateVerdict } from "./gate.ts";
import { shortNumber as number } from "./short-number.ts";
import { championText, type CalibrationBin, type Evaluation, type Interval } from "./types.ts";

/** The evaluation as one HTML page without scripts or outside resources, to keep, to print and to send; with the gate's verdict where it is known. */
export function evaluationReport(model: string, evaluation: Evaluation, trained: TrainOutput, verdict?: GateVerdict): string {
  const { naive, baseline, champion } = evaluation;
  const columns = ["metric", `${trained.algorithm}, 95 % interval`, "naive", ...(baseline ? ["linear"] : []), ...(champion ? [championText(champion).replace(/^the /, "")] : [])];
  const rows = Object.entries(evaluation.metrics).map(([name, value]) => [
    name,
    interval(value),
    number(naive[name]),
    ...(baseline ? [number(baseline[name])] : []),
    ...(champion ? [number(champion.metrics[name])] : []),
  ]);
  const loss = evaluation.task === "regression" ? "rmse" : "log_loss";
  const sliceColumns = [...new Set(evaluation.slices.map((slice) => slice.column))];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Evaluation of ${escape(model)}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.35rem .6rem;border-bottom:1px solid #dde3ea}
th:first-child,td:first-child{text-align:left}caption{text-align:left;color:#5b6775;padding-bottom:.3rem}
svg{max-width:100%;height:auto}.note{color:#5b6775}.passed{color:#11632f}.refused{color:#a3182b}
ul.checks{list-style:none;padding:0}
</style>
<h1>Evaluation of ${escape(model)}</h1>
<p>${howMade(trained)} to predict <b>${escape(evaluation.target)}</b> (${evaluation.task}); judged on ${evaluation.rows} rows ${trained.algorithm === adopted ? "that it may have been trained on: nobody here knows" : "it has not seen"}.</p>
${verdict ? verdictHtml(verdict) : ""}<h2>Metrics</h2>${table(columns, rows)}
${
  champion
    ? `<p>${escape(championText(champion))}: its ${loss} minus this model's, on the same rows: <b>${interval(champion.difference)}</b>. Above 0 this model is better${champion.difference.low > 0 ? "; the interval leaves 0 out" : "; the interval does not leave 0 out"}.</p>`
    : ""
}
<h2>Predicted and true</h2><p class="note">Ten groups of rows by what was predicted; on the line the two agree.</p>${calibration(evaluation.calibration)}
${sliceColumns
  .map((column) => {
    const slices = evaluation.slices.filter((slice) => slice.column === column);
    return `<h2>By ${escape(column)}</h2>${table(
      [column, "rows", ...Object.keys(evaluation.metrics)],
      slices.map((slice) => [slice.value, String(slice.rows), ...Object.keys(evaluation.metrics).map((name) => (slice.metrics[name] ? interval(slice.metrics[name]) : "–"))]),
    )}`;
  })
  .join("\n")}
<h2>What the model looks at</h2>${importances(trained.importances)}
</html>`;
}

const howMade = ({ algorithm, rows, params }: TrainOutput): string => (algorithm === adopted ? `Somebody else's model, registered as ${escape(String(params["from"]))},` : `${escape(algorithm)}, trained on ${rows} rows`);

function verdictHtml({ passed, checks }: GateVerdict): string {
  const lines = checks.map((check) => `<li><b class="${check.passed ? "passed" : "refused"}">${check.passed ? "✓" : "✗"}</b> ${escape(check.reason)}</li>`);
  return `<h2 class="${passed ? "passed" : "refused"}">${passed ? "The gate lets it pass" : "The gate refuses it"}</h2><ul class="checks">${lines.join("")}</ul>\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string => row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("");
  return `<table><thead><tr>${cells("th", head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("")}</tbody></table>`;
}

function calibration(bins: readonly CalibrationBin[]): string {
  const values = bins.flatMap((bin) => [bin.predicted, bin.actual]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = (value: number): number => 40 + ((value - low) / (high - low || 1)) * 300;
  const points = bins
    .map((bin) => `<circle cx="${at(bin.predicted).toFixed(1)}" cy="${(380 - at(bin.actual)).toFixed(1)}" r="5" fill="#1668c7"><title>predicted ${number(bin.predicted)}, true ${number(bin.actual)}, ${bin.rows} rows</title></circle>`)
    .join("");
  return `<svg viewBox="0 0 380 390" width="380" role="img" aria-label="Mean true value against mean predicted value in ten groups">
<line x1="40" y1="340" x2="340" y2="40" stroke="#b9c3cf" stroke-dasharray="4 4"/><line x1="40" y1="340" x2="340" y2="340" stroke="#5b6775"/><line x1="40" y1="340" x2="40" y2="40" stroke="#5b6775"/>
${points}<text x="190" y="372" text-anchor="middle" font-size="13">predicted (${number(low)} to ${number(high)})</text><text x="16" y="190" text-anchor="middle" font-size="13" transform="rotate(-90 16 190)">true</text></svg>`;
}

function importances(shares: Readonly<Record<string, number>>): string {
  const top = Object.entries(shares).sort((a, b) => b[1] - a[1]).slice(0, 15);
  const most = top[0]?.[1] ?? 1;
  return `<table><tbody>${top
    .map(([name, share]) => `<tr><td>${escape(name)}</td><td style="width:70%;text-align:left"><div style="background:#1668c7;height:.7rem;border-radius:.2rem;width:${((share / (most || 1)) * 100).toFixed(1)}%"></div></td><td>${(share * 100).toFixed(1)} %</td></tr>`)
    .join("")}</tbody></table>`;
}

const interval = (value: Interval): string => `${number(value.value)} (${number(value.low)} to ${number(value.high)})`;
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!);
