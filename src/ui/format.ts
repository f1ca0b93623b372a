import { formatDuration } from "../clock.ts";

const nbsp = "\u00a0";

/** A number as people read it: thousands separated, four significant digits below that, powers of ten where it is very small. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e15)) return value.toExponential(2).replace("e-", "e−").replace("e+", "e");
  const digits = size >= 1000 || Number.isInteger(value) ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en-US", { maximumFractionDigits: digits }).replace("-", "−");
}

/** A share of 0 to 1 in percent: whole from 10 % on, one digit below, `< 0.1 %` for what is not quite nothing. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return `<${nbsp}0.1${nbsp}%`;
  const digits = Math.abs(percent) < 10 && !Number.isInteger(Math.round(percent * 1000) / 1000) ? 1 : 0;
  return `${percent.toFixed(digits).replace("-", "−")}${nbsp}%`;
}

/** A length of time without a smaller unit of nothing: `6 d`, not `6 d 0 h`. */
export const formatSpan = (ms: number): string => formatDuration(ms).replace(/ 0 \w+$/, "").replaceAll(" ", nbsp);

/** A latency, to three significant digits. */
export const formatMilliseconds = (ms: number): string => `${formatNumber(Number(ms.toPrecision(3)))}${nbsp}ms`;

/** Bytes in units of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${formatNumber(Number((bytes / 1000 ** power).toPrecision(3)))}${nbsp}${units[power]}`;
}

/** The UTC day: `2011-02-26`. */
export const formatDay = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The UTC minute: `2011-02-26 14:05 UTC`. */
export const formatMoment = (time: number): string => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** The UTC second: `2011-02-26 14:05:09 UTC`. */
export const formatClock = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** How long ago something was, in the largest unit that fits; the day itself from 60 days on. */
export function formatAgo(time: number, now: number): string {
  const seconds = Math.round((now - time) / 1000);
  if (seconds < 5) return "just now";
  const steps: readonly (readonly [number, string])[] = [[60, "s"], [3600, "min"], [86_400, "h"], [60 * 86_400, "d"]];
  const sizes: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };
  const unit = steps.find(([limit]) => seconds < limit)?.[1];
  return unit === undefined ? formatDay(time) : `${Math.floor(seconds / sizes[unit])}${nbsp}${unit} ago`;
}

const metricNames: Readonly<Record<string, string>> = {
  rmse: "RMSE",
  mae: "MAE",
  r2: "R²",
  bias: "bias",
  log_loss: "log loss",
  accuracy: "accuracy",
  f1: "F1",
  roc_auc: "ROC AUC",
  psi: "PSI",
  jensen_shannon: "Jensen–Shannon",
};

/** A metric's name as it is written in prose; any other as whoever logged it wrote it, with its underscores. */
export const metricName = (key: string): string => (Object.hasOwn(metricNames, key) ? metricNames[key] : key);

/** A content hash or other long id, as far as people need it: the first digits; a day without the millisecond after it. */
export const shortId = (id: string): string => (/^[0-9a-f]{32,}$/.test(id) ? id.slice(0, 12) : id.replace(/(\d{4}-\d\d-\d\d)-\d{13}$/, "$1"));

/** Why a pipeline ran, in words. */
export const triggerText = (trigger: string): string => (trigger === "manual" ? "somebody ran the project" : trigger);

/** `1 run`, `2 runs`; a third word where the plural is not made with an s. */
export const count = (n: number, one: string, many = `${one}s`): string => `${formatNumber(n)} ${n === 1 ? one : many}`;
