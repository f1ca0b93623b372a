import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import protobuf from "protobufjs";

/** The texts of .proto files, parsed; names stay as they are written, and imports mean the other texts. */
export const parseProto = (...texts: readonly string[]): protobuf.Root => {
  const root = new protobuf.Root();
  for (const text of texts) protobuf.parse(text, root, { keepCase: true });
  root.resolveAll();
  return root;
};

/** The bytes of a message given as a plain object, in which an enum may stand by its name and an int64 as a number. */
const encodeObject =
  (type: protobuf.Type) =>
  (value: object): Buffer =>
    type.encode(type.fromObject(value)).finish() as Buffer;

/** The methods of a service as grpc-js takes them. `encoders` replace the codec of messages that need a faster one. */
export function defineService(
  root: protobuf.Root,
  name: string,
  encoders: Readonly<Record<string, (value: never) => Buffer>> = {},
): ServiceDefinition {
  const methods = root.lookupService(name).methodsArray.map((method): [string, MethodDefinition<unknown, unknown>] => {
    method.resolve();
    const { resolvedRequestType, resolvedResponseType } = method;
    const decode = (type: protobuf.Type | null) => (bytes: Buffer) => type!.decode(bytes);
    const encode = (type: protobuf.Type | null) => (encoders[type!.name] ?? encodeObject(type!)) as (value: unknown) => Buffer;
    return [
      method.name,
      {
        path: `/${name}/${method.name}`,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: encode(resolvedRequestType),
        requestDeserialize: decode(resolvedRequestType),
        responseSerialize: encode(resolvedResponseType),
        responseDeserialize: decode(resolvedResponseType),
      },
    ];
  });
  return Object.fromEntries(methods);
}
