import type { SettingsInput } from "../config.ts";

/** What a command works with. */
export interface CommandContext {
  readonly settings: SettingsInput;
  readonly json: boolean;
  /** The address of the server of this home folder; throws `cli.no_server` with the way to start one. */
  readonly server: () => Promise<string>;
  /** A line for people, on standard error (standard output is the result's). */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a command found: `data` is printed with `--json`, `text` without. */
export interface CommandResult {
  readonly data: unknown;
  readonly text: string;
  /** The exit code when it is not 0 (`cli/exit-codes.ts`). */
  readonly exitCode?: number;
}

export interface Command {
  /** The words after `millrace` (or after `millrace <room>`). */
  readonly name: string;
  readonly summary: string;
  /** A line to copy and run. */
  readonly example: string;
  /** In order: `<required>`, `[optional]`, or as the last `<several...>`, with a description. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Commander's flags → description, with a default where there is one. */
  readonly options?: Readonly<Record<string, string | { readonly description: string; readonly default: string | number | boolean }>>;
  readonly run: (context: CommandContext, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<CommandResult>;
}
