import { MillraceError } from "../../../../errors.ts";
import type { Endpoints } from "../runtime.ts";
import type { PlannedNode } from "./plan.ts";

interface PlanParts {
  /** Puts the graph together of what is served now; fails with a sentence where it does not fit. */
  readonly plan: () => PlannedNode;
  readonly endpoints: Endpoints;
  /** Told when the graph begins to wait (why), and when it is ready after that (undefined). */
  readonly onChange: (reason: string | undefined) => void;
}

/** A graph of endpoints, put together anew whenever what is served has changed. It looks when it is asked: an endpoint that changes need not know who asks it. */
export class FollowedPlan {
  readonly #parts: PlanParts;
  #served: object | undefined;
  #root: PlannedNode | undefined;
  #reason: string | undefined;

  constructor(parts: PlanParts) {
    this.#parts = parts;
  }

  /** The graph; undefined while it waits. */
  get root(): PlannedNode | undefined {
    this.#follow();
    return this.#root;
  }

  /** Why it waits. */
  get reason(): string | undefined {
    this.#follow();
    return this.#reason;
  }

  #follow(): void {
    const served = this.#parts.endpoints.served();
    if (served === this.#served) return;
    this.#served = served;
    const before = this.#reason;
    try {
      this.#root = this.#parts.plan();
      this.#reason = undefined;
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.#root = undefined;
      this.#reason = error.message;
    }
    if (this.#reason !== before) this.#parts.onChange(this.#reason);
  }
}
