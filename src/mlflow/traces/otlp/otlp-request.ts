/** OTLP's export request with the names of protobufjs, which are also those of OTLP's JSON: the two differ in how they write ids and bytes. */
export interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpKeyValue[] } | null;
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/** Bytes: a Uint8Array in protobuf, hex (ids) or base64 in JSON. */
export type OtlpBytes = Uint8Array | string;
/** 64 bits: decimal digits, or a JSON number. */
type OtlpInteger = string | number | bigint;

export interface OtlpSpan {
  readonly traceId?: OtlpBytes;
  readonly spanId?: OtlpBytes;
  readonly parentSpanId?: OtlpBytes;
  readonly name?: string;
  /** SpanKind, by number or by name. */
  readonly kind?: number | string | bigint;
  readonly startTimeUnixNano?: OtlpInteger;
  readonly endTimeUnixNano?: OtlpInteger;
  readonly attributes?: readonly OtlpKeyValue[];
  readonly events?: readonly { readonly timeUnixNano?: OtlpInteger; readonly name?: string; readonly attributes?: readonly OtlpKeyValue[] }[];
  readonly links?: readonly { readonly traceId?: OtlpBytes; readonly spanId?: OtlpBytes; readonly attributes?: readonly OtlpKeyValue[] }[];
  /** `code` by number or by name. */
  readonly status?: { readonly code?: number | string | bigint; readonly message?: string } | null;
}

export interface OtlpKeyValue {
  readonly key: string;
  readonly value?: OtlpValue | null;
}

export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: OtlpInteger;
  readonly doubleValue?: number | string | bigint;
  readonly bytesValue?: OtlpBytes;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpKeyValue[] };
}
