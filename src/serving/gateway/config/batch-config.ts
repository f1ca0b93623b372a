import type { UnknownInputs } from "../tensors/bind.ts";
import { flag, number, record } from "./fields.ts";
import type { Fail } from "./fields.ts";

/** What an operator may say about the queue and the batches of one model; measurement and defaults decide the rest. */
export interface BatchConfig {
  /** Rows run together at most. */
  readonly maxRows?: number;
  /** Milliseconds that a batch which is not full waits for more; found by measurement when absent. */
  readonly delayMs?: number;
  /** Rows that may wait; more are refused with 429. */
  readonly queueRows?: number;
  /** Milliseconds after which a waiting request is refused with 504, when it does not say itself. */
  readonly timeoutMs?: number;
  /** Share of the machine while models compete for it: 2 gets twice the time of 1. */
  readonly weight?: number;
  /** Whether rows of several requests are scored in one call: yes although the model does not show that they are independent, or no although it does. */
  readonly merge?: boolean;
}

/** What holds, defaults and all; how long a batch waits is measured where it is null, and whether requests are merged is as the model shows. */
export type BatchingInForce = Required<Omit<BatchConfig, "delayMs" | "merge">> & { readonly delayMs: number | null; readonly merge: boolean | null };

/** What goes into the prediction log of an endpoint. */
export interface LogConfig {
  /** Share of the answered requests that are logged, by their id; failures are logged always. */
  readonly share: number;
}

const names = ["maxRows", "delayMs", "queueRows", "timeoutMs", "weight", "merge"];

/** Checks what a configuration says about batches. */
export function parseBatching(value: unknown, where: string, fail: Fail): BatchConfig {
  const given = record(value, where, `it must be an object with any of ${names.join(", ")}`, fail, names);
  const limit = (name: string, least: number, most: number, whole: boolean) =>
    given[name] !== undefined && { [name]: number(given[name], `${where}.${name}`, fail, least, most, whole) };
  return {
    ...limit("maxRows", 1, 1_000_000, true),
    ...limit("delayMs", 0, 10_000, false),
    ...limit("queueRows", 1, 100_000_000, true),
    ...limit("timeoutMs", 1, 3_600_000, false),
    ...limit("weight", 0.001, 1000, false),
    ...(given["merge"] !== undefined && { merge: flag(given["merge"], `${where}.merge`, fail) }),
  };
}

/** Checks what a configuration says about inputs that a model does not know. */
export function parseUnknownInputs(value: unknown, where: string, fail: Fail): UnknownInputs {
  if (value === "refuse" || value === "ignore") return value;
  throw fail(where, 'it must be "refuse" or "ignore"');
}

/** Checks what a configuration says about the prediction log. */
export function parseLog(value: unknown, where: string, fail: Fail): LogConfig {
  const given = record(value, where, 'it must be an object { "share": number from 0 to 1 }', fail, ["share"]);
  return { share: number(given["share"], `${where}.share`, fail, 0, 1) };
}
