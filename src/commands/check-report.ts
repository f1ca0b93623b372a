import type { GateCheck } from "../evaluation/gate.ts";
import { shortNumber } from "../evaluation/short-number.ts";
import { championText, type Evaluation, type MetricIntervals, type Metrics } from "../evaluation/types.ts";

/** What a check found. */
export interface Checked {
  readonly model: string;
  readonly run: string;
  /** The commit whose model was compared with; null: the champion, if there is one. */
  readonly against: string | null;
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
  /** Held-out rows that it was judged by; null where it did not get there. */
  readonly rows: number | null;
  readonly metrics: MetricIntervals;
  readonly naive: Metrics;
  readonly champion: Evaluation["champion"];
  /** Why there is no verdict; null where there is one. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A check as Markdown, for a pull request. */
export function checkMarkdown({ model, against, passed, checks, rows, metrics, naive, champion, error }: Checked): string {
  const title = `### ${error ? "⚠️" : passed ? "✅" : "❌"} ${plain(model)}: ${error ? "no verdict" : passed ? "the gate lets it pass" : "the gate refuses it"}`;
  if (error) return `${title}\n\n${plain(error.message)} (\`${error.code}\`)\n`;
  const other = champion ? (against === null ? championText(champion).replace(/^the /, "") : against) : undefined;
  const heads = ["metric", "this model (95 % interval)", "naive", ...(other === undefined ? [] : [other])];
  const lines = Object.entries(metrics).map(([name, { value, low, high }]) => [name, `${shortNumber(value)} (${shortNumber(low)} to ${shortNumber(high)})`, shortNumber(naive[name]), ...(champion ? [shortNumber(champion.metrics[name])] : [])]);
  const table = [heads, heads.map(() => "---"), ...lines].map((cells) => `| ${cells.map(plain).join(" | ")} |`).join("\n");
  const verdicts = checks.map((check) => `- ${check.passed ? "✅" : "❌"} ${plain(check.reason)}`).join("\n");
  return `${title}\n\n${verdicts}\n\nJudged by ${rows} held-out rows.\n\n${table}\n`;
}

/** Names come from people's tables: they end no cell and are no markup. */
const plain = (text: string): string => text.replaceAll("\n", " ").replace(/[|<>`*_[\]\\]/g, "\\$&");

/** A check as JUnit's XML, a case for each rule of the gate (github.com/testmoapp/junitxml). */
export function checkJunit({ model, checks, error }: Checked): string {
  const cases = error
    ? [testCase(model, "verdict", `<error type=${attribute(error.code)} message=${attribute(error.message)}/>`)]
    : checks.map(({ name, passed, reason }) => testCase(model, name, passed ? `<system-out>${escaped(reason)}</system-out>` : `<failure type="gate" message=${attribute(reason)}/>`));
  const failures = error ? 0 : checks.filter(({ passed }) => !passed).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n<testsuite name=${attribute(model)} tests="${cases.length}" failures="${failures}" errors="${error ? 1 : 0}">\n${cases.join("\n")}\n</testsuite>\n</testsuites>\n`;
}

const testCase = (model: string, name: string, inner: string): string => `<testcase classname=${attribute(model)} name=${attribute(name)}>${inner}</testcase>`;
const attribute = (text: string): string => `"${escaped(text)}"`;
/** XML takes no control characters, not even escaped. */
// eslint-disable-next-line no-control-regex
const escaped = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "�").replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!);
