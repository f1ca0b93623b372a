import { Ajv, type ErrorObject } from "ajv";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";

/** Addresses are text, so their parts are turned into the numbers that are asked for. */
const ofAddress = new Ajv({ coerceTypes: true, useDefaults: true, strict: false });

/** A body is JSON and means what it says: the label "007" stays a text, and a misspelt member is refused, not dropped. */
const ofBody = new Ajv({ useDefaults: true, strict: false });

/** How requests are checked against the schemas of their route. */
export const requestValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validate = (httpPart === "body" ? ofBody : ofAddress).compile(withSafeIntegers(schema));
  return (data: unknown) => (validate(data) ? { value: data } : { error: new Error(sentence(httpPart ?? "request", validate.errors ?? [])) });
};

/** The schema with bounds for its integers: beyond 2^53 a number is no integer that anybody counted, and no database takes it. */
function withSafeIntegers(schema: TSchema): TSchema {
  const bounded = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bounded);
    if (typeof value !== "object" || value === null) return value;
    const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bounded(one)]));
    return inner["type"] === "integer" ? { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, ...inner } : inner;
  };
  return bounded(schema) as TSchema;
}

function sentence(part: string, errors: readonly ErrorObject[]): string {
  return errors
    .map((error) => {
      const extra = error.keyword === "additionalProperties" ? `: ${String((error.params as { additionalProperty: string }).additionalProperty)}` : "";
      return `${part}${error.instancePath} ${error.message ?? "is not valid"}${extra}`;
    })
    .join(", ");
}
