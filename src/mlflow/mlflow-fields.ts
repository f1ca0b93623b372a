import { invalidParameter } from "./mlflow-error.ts";

/** One field of a request: turns what was sent into its value, or says in MLflow's words what is wrong with it. */
export interface Field<T> {
  readonly read: (value: unknown, name: string) => T;
  /** Integers beyond 2^53 may come in it, so the body must be read digit by digit. */
  readonly exact?: boolean;
}

// A list of fields holds fields of any type.
// eslint-disable-next-line typescript/no-explicit-any
export type Fields = Readonly<Record<string, Field<any>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

const apiDocs = "See the API docs for more information about request parameters.";

export const missingValue = (name: string): Error => invalidParameter(`Missing value for required parameter '${name}'. ${apiDocs}`);

export const invalidValue = (name: string, value: unknown): Error =>
  invalidParameter(`Invalid value ${show(value)} for parameter '${name}' supplied:  Hint: Value was of type '${pythonType(value)}'. ${apiDocs}`);

const longestShown = 1000;

function show(value: unknown): string {
  if (isDeep(value)) return "…";
  const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner));
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** How deep JSON of a client's own may be: deeper, and what walks it runs out of stack. */
const mostDepth = 200;

function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostDepth) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

function pythonType(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return value === null ? "NoneType" : "dict";
}

/** A field that may be left out (or be null), read by `accept`, which answers undefined for a value of another type. */
const field = <T>(accept: (value: unknown, name: string) => T | undefined): Field<T | undefined> => ({
  read: (value, name) => {
    if (value === undefined || value === null) return undefined;
    const accepted = accept(value, name);
    if (accepted === undefined) throw invalidValue(name, value);
    return accepted;
  },
});

function exactly<T>(one: Field<T>): Field<T> {
  return { ...one, exact: true };
}

/** Whether a message of these fields may hold integers beyond 2^53. */
export const hasExact = (fields: Fields): boolean => Object.values(fields).some((one) => one.exact === true);

/** A text; NUL is in none: PostgreSQL keeps no such text. */
export const string = field((value) => (typeof value === "string" && !value.includes("\0") ? value : undefined));

/** int32 and int64: a number, or a string that is one (Java, R). Beyond 2^53 it is refused: use `bigInteger` where such come. */
export const integer = field((value) => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
});

/** An int64 that does come beyond 2^53 (nanoseconds). */
export const bigInteger = exactly(field((value) => {
  if (typeof value === "bigint" || Number.isInteger(value)) return BigInt(value as number);
  return typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? BigInt(value) : undefined;
}));

const doubles: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

/** A number, or a string that is one; "NaN", "Infinity" and "-Infinity" too. */
export const double = field((value) => {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = doubles[value] ?? Number(value);
  return Number.isNaN(number) && value !== "NaN" ? undefined : number;
});

/** A boolean, or a string that is one in any case (R's "TRUE", a query's "true"). */
export const boolean = field((value) => {
  const text = typeof value === "string" ? value.toLowerCase() : value;
  return text === true || text === "true" ? true : text === false || text === "false" ? false : undefined;
});

/** An enum's name; its number is accepted, too. */
export const oneOf = <const N extends string>(numbers: Readonly<Record<N, number>>): Field<N | undefined> =>
  field((value) => {
    const names = Object.keys(numbers) as N[];
    return names.find((name) => name === value || numbers[name] === Number(value));
  });

/** Any JSON, as it comes, but not endlessly deep. */
export const json = exactly(field((value) => (isDeep(value) ? undefined : (value as object | string | number | boolean))));

/** A string → string map. */
export const map: Field<Readonly<Record<string, string>> | undefined> = field((value) =>
  typeof value === "object" && !Array.isArray(value) && Object.entries(value!).flat().every((one) => typeof one === "string" && !one.includes("\0")) ? (value as Record<string, string>) : undefined,
);

/** What a list may hold, where no rule of MLflow says less: all of it goes into one statement of the database. */
const mostItems = 20_000;

/** A repeated field; left out, it is empty. One value of a query stands for a list of one. */
export const list = <T>(item: Field<T | undefined>, most = mostItems): Field<readonly T[]> => ({
  exact: item.exact === true,
  read: (value, name) => {
    if (value === undefined || value === null) return [];
    const items = (Array.isArray(value) ? value : [value]) as unknown[];
    if (items.length > most) throw invalidParameter(`'${name}' may have ${most} items, got ${items.length}`);
    return items.map((one, index) => {
      const read = Array.isArray(value) ? readNamed(item, one, name, () => `${name}[${index}]`) : item.read(one, name);
      if (read === undefined || (typeof value === "object" && !Array.isArray(value))) throw invalidValue(name, value);
      return read;
    });
  },
});

/** A message inside the request. */
export const message = <F extends Fields>(fields: F): Field<Values<F> | undefined> => ({
  ...field((value, name) => (typeof value === "object" && !Array.isArray(value) ? readFields(fields, value as Record<string, unknown>, name) : undefined)),
  exact: hasExact(fields),
});

/** A field that must be there; an empty string or list counts as absent, as it does in protobuf. */
export const required = <T>({ read, exact }: Field<T>): Field<NonNullable<T>> => ({
  exact: exact === true,
  read: (value, name) => {
    const found = read(value, name);
    if (found === undefined || found === "" || (Array.isArray(found) && found.length === 0)) throw missingValue(name);
    return found as NonNullable<T>;
  },
});

export const orElse = <T>({ read, exact }: Field<T | undefined>, fallback: T): Field<T> => ({ read: (value, name) => read(value, name) ?? fallback, exact: exact === true });

/** By what a search is sorted, the most important first. */
export const orders = list(string, 20);

/** A tag, a parameter: `{key!, value}`. */
export const keyValue = message({ key: required(string), value: orElse(string, "") });

/** Reads a field whose whole name is put together only when something is wrong with it: a batch has thousands that are well. */
function readNamed<T>(field: Field<T>, value: unknown, short: string, whole: () => string): T {
  try {
    return field.read(value, short);
  } catch {
    return field.read(value, whole());
  }
}

/** Reads a request by its fields; what it holds besides is left alone, as MLflow does. `inside` names the message it is part of. */
export function readFields<F extends Fields>(fields: F, source: Readonly<Record<string, unknown>>, inside = ""): Values<F> {
  const values: Record<string, unknown> = {};
  for (const name in fields) {
    values[name] = inside === "" ? fields[name].read(source[name], name) : readNamed(fields[name], source[name], name, () => `${inside}.${name}`);
  }
  return values as Values<F>;
}
