import protobuf from "protobufjs";
import { otlpProto } from "./otlp-proto.ts";
import type { OtlpRequest } from "./otlp-request.ts";

let type: protobuf.Type | undefined;

/** An export request in protobuf; ids come as bytes, 64-bit numbers as text. Throws for what is not one. */
export function readProtobuf(body: Uint8Array): OtlpRequest {
  type ??= protobuf.parse(otlpProto).root.lookupType("otlp.ExportTraceServiceRequest");
  // With `oneofs` a value says which it is, which tells an empty text from nothing.
  return type.toObject(type.decode(body), { longs: String, oneofs: true, arrays: true });
}
