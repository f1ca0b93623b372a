export interface StartPrediction {
  readonly endpoint: string;
  /** The header of that lower-case name of the request, which may carry a trace. */
  readonly header?: (name: string) => string | undefined;
}

/** From receipt to answer, and its parts at the end of it: waiting for the model, running it. */
export interface PredictionTimes {
  readonly seconds: number;
  readonly queueMs: number;
  readonly runMs: number;
}

/** A prediction as a trace sees it; ended once, by one of the two. */
export interface PredictionSpan {
  answered(version: string, variant: string, rows: number, times: PredictionTimes): void;
  failed(error: Error): void;
}

/**
 * The share of predictions that begin a trace, by OpenTelemetry's variables (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables);
 * undefined when they ask for no traces.
 */
export function traceShareIn(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const wanted = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (wanted === undefined || wanted === "" || env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return undefined;
  const text = env["OTEL_TRACES_SAMPLER_ARG"] ?? "1";
  const share = text.trim() === "" ? Number.NaN : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new Error(`OTEL_TRACES_SAMPLER_ARG is "${text}"; it must be the share of the predictions to trace, from 0 to 1.`);
}

/** Where traces of predictions go. */
export interface Tracing {
  start(prediction: StartPrediction): PredictionSpan;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}
