import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import { closest } from "fastest-levenshtein";
import { invalid } from "../errors.ts";

type Schema = Readonly<Record<string, unknown>>;

const validators = new WeakMap<Schema, ValidateFunction>();

function validatorOf(schema: Schema): ValidateFunction {
  let validate = validators.get(schema);
  if (!validate) {
    validate = new Ajv({ useDefaults: true, allowUnionTypes: true, verbose: true }).compile(schema);
    validators.set(schema, validate);
  }
  return validate;
}

/**
 * `params` with the schema's defaults filled in, of the shape that the schema describes.
 * Throws `training.invalid_params` with the first thing that is wrong.
 */
export function resolveParams(algorithm: string, schema: Schema, params: Readonly<Record<string, unknown>>): unknown {
  const resolved: Record<string, unknown> = structuredClone(params);
  const validate = validatorOf(schema);
  if (!validate(resolved)) {
    const [error] = validate.errors ?? [];
    throw invalid("training.invalid_params", error ? describe(algorithm, schema, error) : "train.params are not valid");
  }
  return resolved;
}

function describe(algorithm: string, schema: Schema, error: ErrorObject): string {
  if (error.keyword === "additionalProperties") {
    const name = String(error.params.additionalProperty);
    const known = Object.keys(schema.properties as object);
    return `train.params.${name} is not a parameter of ${algorithm}; did you mean ${closest(name, known)}?`;
  }
  return `train.params${error.instancePath.replaceAll("/", ".")} ${error.message}, got ${JSON.stringify(error.data)}`;
}
