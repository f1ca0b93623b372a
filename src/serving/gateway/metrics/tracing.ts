import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Span, TextMapGetter, Tracer } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, ParentBasedSampler, TracerProvider, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import type { PredictionSpan, PredictionTimes, StartPrediction, Tracing } from "./prediction-span.ts";

type Header = (name: string) => string | undefined;

const headers: TextMapGetter<Header> = { get: (header, name) => header(name), keys: () => [] };

/**
 * Traces of predictions over OTLP (opentelemetry.io/docs/specs/otlp), continuing the context of the caller (W3C Trace Context, `traceparent`): a server span for
 * each, with children for the time in the queue and in the model. Where they go is said by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_…). Of predictions
 * without a trace of their own a share (0 to 1) begins one; those within a trace follow it.
 */
export function openTracing(share: number, version: string): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": process.env["OTEL_SERVICE_NAME"] ?? "millrace-gateway", "service.version": version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer("millrace", version);
  const propagator = new W3CTraceContextPropagator();
  return {
    start: ({ endpoint, header }: StartPrediction) => {
      const context = header ? propagator.extract(ROOT_CONTEXT, header, headers) : ROOT_CONTEXT;
      const startTime = Date.now();
      const span = tracer.startSpan(`predict ${endpoint}`, { kind: SpanKind.SERVER, startTime, attributes: { "millrace.endpoint": endpoint } }, context);
      return predictionSpan(span, tracer, startTime);
    },
    close: () => provider.shutdown(),
  };
}

function predictionSpan(span: Span, tracer: Tracer, startTime: number): PredictionSpan {
  return {
    answered: (version, variant, rows, times) => {
      span.setAttributes({ "millrace.version": version, "millrace.variant": variant, "millrace.rows": rows });
      const end = startTime + times.seconds * 1000;
      if (span.isRecording()) childSpans(span, tracer, end, times);
      span.end(end);
    },
    failed: (error) => {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      span.end();
    },
  };
}

function childSpans(parent: Span, tracer: Tracer, end: number, { queueMs, runMs }: PredictionTimes): void {
  const context = trace.setSpan(ROOT_CONTEXT, parent);
  tracer.startSpan("wait for the model", { startTime: end - runMs - queueMs }, context).end(end - runMs);
  tracer.startSpan("run the model", { startTime: end - runMs }, context).end(end);
}
