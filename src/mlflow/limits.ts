import { invalidParameter } from "./mlflow-error.ts";

/** The limits that MLflow's clients count on (mlflow/utils/validation.py). Values of params and tags have none here: nothing is cut off. */
const longestKey = 250;
const longestExperimentName = 500;
const most = { metrics: 1000, params: 100, tags: 100, all: 1000 } as const;

/**
 * A key of a metric, a param or a tag: letters, digits and `_ - . : / space`, and, read as a path, no other way to write the same one.
 * `name` is what the field is called in errors.
 */
export function checkKey(key: string, name: string | (() => string)): string {
  if (!goodKeys.has(key)) {
    checkNewKey(key, typeof name === "string" ? name : name());
    if (goodKeys.size >= mostGoodKeys) goodKeys.clear();
    goodKeys.add(key);
  }
  return key;
}

/** Keys that were well lately: the same few come again and again. */
const goodKeys = new Set<string>();
const mostGoodKeys = 5000;

function checkNewKey(key: string, name: string): void {
  checkLengths({ [name]: key }, { [name]: longestKey });
  const supplied = `Invalid value ${JSON.stringify(key)} for parameter '${name}' supplied`;
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key)) {
    throw invalidParameter(`${supplied}: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`);
  }
  if (key.split("/").some((part, at, parts) => part === "." || part === ".." || (part === "" && parts.length > 1 && at >= 0))) {
    throw invalidParameter(`${supplied}: Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`);
  }
}

export function checkExperimentName(name: string): string {
  checkLengths({ name }, { name: longestExperimentName });
  return name;
}

/** Refuses texts that are longer than their limits. */
export function checkLengths(values: Readonly<Record<string, string | undefined>>, limits: Readonly<Record<string, number>>): void {
  for (const [key, limit] of Object.entries(limits)) {
    const length = values[key]?.length ?? 0;
    if (length > limit) throw invalidParameter(`'${key}' exceeds the maximum length of ${limit} characters (it has ${length})`);
  }
}

/** How much one log-batch may hold. */
export function checkBatch(sizes: { readonly metrics: number; readonly params: number; readonly tags: number }): void {
  const check = (what: string, limit: number, size: number): void => {
    if (size > limit) {
      throw invalidParameter(`A batch logging request can contain at most ${limit} ${what}. Got ${size} ${what}. Please split up ${what} across multiple requests and try again.`);
    }
  };
  for (const what of ["metrics", "params", "tags"] as const) check(what, most[what], sizes[what]);
  check("metrics, params, and tags", most.all, sizes.metrics + sizes.params + sizes.tags);
}

/** The size of a page: from 1 to `limit`. */
export function checkPageSize(size: number, limit: number): number {
  if (size >= 1 && size <= limit) return size;
  throw invalidParameter(
    `Invalid value ${size} for parameter 'max_results' supplied: It must be ${size < 1 ? "at least 1" : `at most ${limit}`}, but got value ${size}. See the API docs for more information about request parameters.`,
  );
}

const longestRegistryValue = 100_000;

/** A tag of a model or a version. */
export function checkRegistryTag(key: string, value: string): readonly [string, string] {
  checkKey(key, "key");
  checkLengths({ value }, { value: longestRegistryValue });
  return [key, value];
}
