import type { ProjectTrigger, TriggerOn } from "../../project/triggers.ts";
import type { JsonObject, PipelineRun } from "../../stage.ts";

/** Something that starts a pipeline by itself, as a project asked for it. */
export interface Trigger {
  /** `<model>.<name in the project>`. */
  readonly name: string;
  readonly model: string;
  readonly config: ProjectTrigger;
  /** Which pipeline is started, and with what. */
  readonly definition: string;
  readonly params: JsonObject;
  /** The folder of the project's file; null when nobody said. */
  readonly folder: string | null;
  readonly paused: { readonly since: number; readonly by: string; readonly reason: string } | null;
  /** How far its source was read. */
  readonly cursor: JsonObject;
  /** Why its source cannot be read at present. */
  readonly problem: { readonly since: number; readonly code: string; readonly message: string } | null;
  readonly setAt: number;
}

/** What made it fire; `asked`: the API, a command or a button. */
export type Cause = TriggerOn["kind"] | "asked";

/** One time that a trigger fired, or did not. */
export interface Firing {
  readonly id: string;
  readonly trigger: string;
  readonly model: string;
  readonly cause: Cause;
  /** What happened, in a sentence. */
  readonly why: string;
  readonly details: JsonObject;
  readonly askedAt: number;
  /** When it begins at the earliest. */
  readonly dueAt: number;
  /** `waiting` for its time or for the model to be free; `skipped`: it did not fire; else the state of its run. */
  readonly state: "waiting" | "skipped" | PipelineRun["state"];
  /** What it waits for, why it did not fire, or why its run stopped or failed. */
  readonly reason: string | null;
  readonly runId: string | null;
  readonly beganAt: number | null;
  readonly endedAt: number | null;
}

/** Something that happened at a trigger's source. */
export interface Occurrence {
  readonly cause: Cause;
  /** The same thing has the same key, however often it is found. */
  readonly key: string;
  /** What joins: an occurrence joins an earlier one of its lane that has not begun. */
  readonly lane: string;
  readonly why: string;
  readonly details?: JsonObject;
  /** It does not fire, for this reason; it is in the log. */
  readonly skip?: string;
  /** It waits for no debounce and no cool-down. */
  readonly atOnce?: boolean;
}

/** What a look at a source found, and how far it was read. */
export interface Look {
  readonly occurrences: readonly Occurrence[];
  readonly cursor: JsonObject;
}
