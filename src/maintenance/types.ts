/** What the doctor looks at. */
export type CheckName = "database" | "artifacts" | "predictions" | "journals" | "gateway" | "clock" | "disk" | "permissions" | "backup";

/** What can be done about a finding without losing anything. */
export interface Repair {
  /** What it does, as an order: "tighten the modes". */
  readonly does: string;
  /** Whether it may be done while a server runs on the home. */
  readonly whileRunning: boolean;
  readonly act: () => Promise<void>;
}

/** Something that is not as it should be. */
export interface Finding {
  readonly check: CheckName;
  /** `error`: something is lost, wrong or refused. `warning`: it will be, or may be. */
  readonly severity: "error" | "warning";
  /** A sentence: what is wrong. */
  readonly what: string;
  /** The file, folder, table or address. */
  readonly where: string;
  /** A sentence: what a person does about it. */
  readonly todo: string;
  /** Absent where nothing can be done safely without a person. */
  readonly repair?: Repair;
}

/** A finding as it is told: with whether it may be repaired, and what came of that. */
export interface ToldFinding extends Omit<Finding, "repair"> {
  /** What `--repair` does; null where it is not safe to do anything. */
  readonly repair: string | null;
  readonly repaired: boolean;
  /** Why a repair that was asked for was not done; null where it was, or was not asked for. */
  readonly repairFailed: string | null;
}

export interface Report {
  readonly home: string;
  readonly full: boolean;
  /** The server's process; null where none has the home. */
  readonly running: number | null;
  /** No finding that is an error is left. */
  readonly whole: boolean;
  readonly findings: readonly ToldFinding[];
  /** What was looked at → how many. */
  readonly checked: Readonly<Record<string, number>>;
}
