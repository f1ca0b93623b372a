import type { LoadOptions } from "../runtimes/runtime.ts";
import { flag, number, record, text } from "./fields.ts";
import type { Fail } from "./fields.ts";

const names = ["instances", "threads", "python", "runTimeoutMs", "loadTimeoutMs", "rowwise", "recycleAfter", "memoryCapBytes"];

/** Checks what a configuration says to the runtime of a model. */
export function parseLoadOptions(value: unknown, where: string, fail: Fail): LoadOptions {
  const options = record(value, where, `it must be an object with any of ${names.join(", ")}`, fail, names);
  const whole = (name: string, most: number) =>
    options[name] !== undefined && { [name]: number(options[name], `${where}.${name}`, fail, 1, most, true) };
  return {
    ...whole("instances", 1024),
    ...whole("threads", 1024),
    ...(options["python"] !== undefined && { python: text(options["python"], `${where}.python`, fail) }),
    ...whole("runTimeoutMs", 86_400_000),
    ...whole("loadTimeoutMs", 86_400_000),
    ...(options["rowwise"] !== undefined && { rowwise: flag(options["rowwise"], `${where}.rowwise`, fail) }),
    ...whole("recycleAfter", Number.MAX_SAFE_INTEGER),
    ...whole("memoryCapBytes", Number.MAX_SAFE_INTEGER),
  };
}
