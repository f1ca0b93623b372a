import { readFile } from "node:fs/promises";
import { describeError, invalid } from "../errors.ts";
import type { UnknownInputs } from "./gateway/tensors/bind.ts";
import type { ServingSettings, SettingsChange } from "./serving-settings.ts";

/** The settings that the options of a command line say; `default` is what `null` is to the HTTP API. Throws `cli.usage`. */
export function readSettings(options: Readonly<Record<string, unknown>>): SettingsChange {
  const { batching, logShare, pinned, unknownInputs } = options;
  return {
    ...(typeof batching === "string" && { batching: batching === "default" ? null : readBatching(batching) }),
    ...(typeof logShare === "string" && { log: logShare === "default" ? null : { share: readShare(logShare) } }),
    ...(typeof pinned === "string" && { pinned: readFlag(pinned) }),
    ...(typeof unknownInputs === "string" && { unknownInputs: unknownInputs === "default" ? null : readUnknownInputs(unknownInputs) }),
  };
}

/** `maxRows=64,delayMs=2,merge=yes`; which names there are is the server's to say. */
function readBatching(text: string): Record<string, number | boolean> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [, name, amount] = /^\s*(\w+)=(\d+(?:\.\d+)?|yes|no)\s*$/.exec(part) ?? [];
      if (name === undefined) throw invalid("cli.usage", `${JSON.stringify(part)} is no limit of batches: write maxRows=64,delayMs=2, or default`);
      return [name, amount === "yes" || amount === "no" ? amount === "yes" : Number(amount)];
    }),
  );
}

function readShare(text: string): number {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text) ?? [];
  if (amount === undefined) throw invalid("cli.usage", `--log-share is ${JSON.stringify(text)}; write 10%, 0.1, or default`);
  return percent === "%" ? Number(amount) / 100 : Number(amount);
}

function readFlag(text: string): boolean {
  if (text === "yes" || text === "no") return text === "yes";
  throw invalid("cli.usage", `--pinned is ${JSON.stringify(text)}; write yes or no`);
}

/** What `--unknown-inputs` says. Throws `cli.usage`. */
function readUnknownInputs(text: string): UnknownInputs {
  if (text === "refuse" || text === "ignore") return text;
  throw invalid("cli.usage", `--unknown-inputs is ${JSON.stringify(text)}; write refuse or ignore`);
}

/** A change of a deployment in a file, which the server checks. Throws `cli.usage` where it cannot be read. */
export async function readChange(file: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw invalid("cli.usage", `--file ${file} cannot be read as JSON: ${describeError(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid("cli.usage", `--file ${file} must hold an object with any of rules, fallback, sticky, batching, log, pinned and unknownInputs`);
}

/** Settings that differ from the defaults, as lines for people. */
export function settingsOf({ batching, log, pinned, unknownInputs }: ServingSettings): string[] {
  return [
    ...(batching ? [`batching: ${Object.entries(batching).map(([name, value]) => `${name} ${value}`).join(", ")}`] : []),
    ...(log ? [`log: ${Math.round(log.share * 1000) / 10} % of the answered requests, and every failure`] : []),
    ...(pinned ? ["pinned in memory"] : []),
    ...(unknownInputs ? [unknownInputs === "refuse" ? "inputs that no variant knows are refused" : "inputs that no variant knows are left out"] : []),
  ];
}
