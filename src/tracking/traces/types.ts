/** `unspecified`: the client did not say; `in_progress`: it began, and no root span has ended yet. */
export type TraceState = "unspecified" | "ok" | "error" | "in_progress";

/** One call of an application from its first step to its last: what is known of it without its spans. */
export interface Trace {
  /** `tr-` and the 32 hex digits of OpenTelemetry's trace id, unless a client chose another. */
  readonly id: string;
  readonly experimentId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds; null while it is not known. */
  readonly duration: number | null;
  readonly state: TraceState;
  readonly clientRequestId: string | null;
  /** The beginning of what went in and of what came out. */
  readonly requestPreview: string | null;
  readonly responsePreview: string | null;
  /** Said once, when the trace was made. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Set and deleted at will. */
  readonly tags: Readonly<Record<string, string>>;
  readonly assessments: readonly Assessment[];
}

/** A value of an attribute, as OpenTelemetry knows them: a `bigint` is an integer, a `number` a double. */
export type AttributeValue = null | boolean | string | bigint | number | readonly AttributeValue[] | Attributes;
export type Attributes = { readonly [key: string]: AttributeValue };

export type SpanStatus = "unset" | "ok" | "error";

/** One step of a trace. Times are nanoseconds since the epoch. */
export interface Span {
  readonly traceId: string;
  /** OpenTelemetry's id of the trace: 32 hex digits. */
  readonly otelTraceId: string;
  /** 16 hex digits. */
  readonly id: string;
  /** Null for the root. */
  readonly parentId: string | null;
  readonly name: string;
  /** OpenTelemetry's SpanKind by number; 0 when it was not said. */
  readonly kind: number;
  readonly startedAt: bigint;
  /** Null while it runs. */
  readonly endedAt: bigint | null;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** What ran it: service, host, SDK. */
  readonly resource: Attributes;
}

export interface SpanEvent {
  readonly name: string;
  readonly at: bigint;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly otelTraceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export type AssessmentKind = "feedback" | "expectation" | "issue";

export interface AssessmentError {
  readonly code: string;
  readonly message: string;
  readonly stack: string;
}

/** A judgement of a trace (or of one span of it): feedback, what was expected, or an issue it belongs to. */
export interface Assessment {
  readonly id: string;
  readonly traceId: string;
  readonly spanId: string | null;
  readonly kind: AssessmentKind;
  readonly name: string;
  /** Any JSON. */
  readonly value: unknown;
  /** Why there is no value. */
  readonly error: AssessmentError | null;
  /** Who judged: `HUMAN`, `LLM_JUDGE`, `CODE`, and which. */
  readonly source: { readonly type: string; readonly id: string };
  readonly rationale: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** The assessment that this one corrects, which is not valid any more. */
  readonly overrides: string | null;
  readonly valid: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}
