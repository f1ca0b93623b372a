import colors from "picocolors";
import { isoDate } from "../clock.ts";
import type { Decision } from "../optimization/types.ts";
import { replay, type ReplayOptions } from "./replay.ts";

/** Replays, with a line for each decision and one that says how far it is; `unit` is what people call a window. */
export async function replayAloud(options: Omit<ReplayOptions, "onWindow">, unit: string, say: (line: string) => void): Promise<void> {
  const progress = progressLine(say);
  await replay({
    ...options,
    onWindow: ({ index, windows, time, decisions, requests }) => {
      for (const decision of decisions) progress.say(decisionLine(decision));
      progress.update(`  ${isoDate(time)}  ${unit} ${index} of ${windows}, ${requests} requests`);
    },
  });
  progress.done();
}

/** A decision as a line for people. */
const decisionLine = ({ time, kind, reason }: Decision): string => `  ${isoDate(time)} ${mark(kind)} ${reason}`;

function mark(kind: string): string {
  const words: Readonly<Record<string, string>> = {
    alarm: colors.yellow("alarm     "),
    gate_rejected: colors.red("gate      "),
    canary_started: colors.cyan("canary    "),
    promoted: colors.green("promoted  "),
    rolled_back: colors.red("rolled back"),
    retraining_failed: colors.red("failed    "),
  };
  return words[kind] ?? kind;
}

/** A line that is written over while it changes, on a terminal; elsewhere now and then a line. */
export function progressLine(say: (line: string) => void): { update: (line: string) => void; say: (line: string) => void; done: () => void } {
  const live =  process.stderr.isTTY;
  let updates = 0;
  const clear = (): void => void (live && process.stderr.write("\r\u001B[2K"));
  return {
    update: (line) => {
      updates += 1;
      if (live) process.stderr.write(`\r\u001B[2K${line}`);
      else if (updates % 56 === 0) say(line);
    },
    say: (line) => {
      clear();
      say(line);
    },
    done: clear,
  };
}
