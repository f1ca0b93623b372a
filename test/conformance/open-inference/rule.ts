import type { Target } from "./target.ts";

/** One thing that the specification asks of a server. */
export interface Rule {
  /** What the server does, as a sentence. */
  readonly name: string;
  /** The section of the specification that says so. */
  readonly section: string;
  /** Fails with what the server did instead; says why with `skip` when the rule does not apply to this server or model. */
  check(target: Target): Promise<void>;
}

/** A rule that cannot be checked, with the reason. */
export class Skipped extends Error {}

export const skip = (reason: string): never => {
  throw new Skipped(reason);
};

export interface Outcome {
  readonly rule: Rule;
  readonly result: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly reason: string | undefined;
}

/** Checks every rule, one after the other. */
export async function checkRules(rules: readonly Rule[], target: Target): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const rule of rules) {
    try {
      await rule.check(target);
      outcomes.push({ rule, result: "passed", reason: undefined });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      outcomes.push({ rule, result: error instanceof Skipped ? "skipped" : "failed", reason });
    }
  }
  return outcomes;
}
