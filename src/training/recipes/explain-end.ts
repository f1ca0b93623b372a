import { constants } from "node:os";
import { plainText } from "../../cli/plain-text.ts";
import { formatDuration } from "../../clock.ts";
import { invalid, MillraceError } from "../../errors.ts";
import type { CommandEnd } from "./run-command.ts";

/** What programs say when memory or disk have no room, in their last lines. */
const noMemory = /MemoryError|std::bad_alloc|Cannot allocate memory|JavaScript heap out of memory|CUDA out of memory|OutOfMemoryError|cannot allocate vector of size/;
const noRoom = /No space left on device|Errno 28|ENOSPC|Disk quota exceeded/;

/** Numbers of signals by which a shell's exit code (128 + number) tells that a program within it was ended. */
const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What a command that did not end well means, as an error of its own kind; undefined when it ended well. */
export function explainEnd(command: string, end: CommandEnd, timeout: number | null): MillraceError | undefined {
  const { code, timedOut, outOfMemory, tail } = end;
  const signal = end.signal ?? (code !== null && code > 128 ? (signalNames.get(code - 128) ?? null) : null);
  const [shown, said] = [JSON.stringify(command.slice(0, 200)), lastWords(tail)];
  const details = { exitCode: code, signal, seconds: end.seconds };
  if (timedOut) return new MillraceError("training.timeout", 504, `${shown} was ended after ${formatDuration(timeout ?? end.seconds * 1000)}, the time that train.timeout gives it. What it wrote into the checkpoint folder is there when it is run again${said}`, { details });
  if (code === 0) return undefined;
  if (noRoom.test(tail)) return new MillraceError("training.disk_full", 507, `${shown} found no room on the disk. Make room, and run it again: what it wrote into the checkpoint folder is kept${said}`, { details });
  if (noMemory.test(tail) || (signal === "SIGKILL" && outOfMemory)) {
    return new MillraceError("training.out_of_memory", 500, `${shown} needed more memory than there is${signal === "SIGKILL" ? ", and the system ended it" : ""}. Train on fewer rows or columns, in batches, or on a larger machine${said}`, { details });
  }
  if (code === 127 || code === 126) return invalid("training.command_not_found", `${shown} cannot be started (exit code ${code}: ${code === 127 ? "a program in it is not there, or not on the PATH of the server" : "it may not be executed"})${said}`, details);
  if (signal === "SIGKILL") return new MillraceError("training.killed", 500, `${shown} was ended by SIGKILL: by somebody, or by a limit on this machine or container (memory, most often), of which the system told nothing${said}`, { details });
  if (signal !== null) return new MillraceError("training.command_crashed", 500, `${shown} was ended by ${signal}${signal === "SIGSEGV" || signal === "SIGABRT" || signal === "SIGBUS" ? ", a crash in compiled code it uses" : ""}${said}`, { details });
  return invalid("training.command_failed", `${shown} ended with exit code ${code}${said}`, details);
}

/** The last lines, as the end of a sentence. */
function lastWords(tail: string): string {
  const lines = plainText(tail).split("\n").filter((line) => line.trim() !== "").slice(-6).map((line) => line.slice(0, 300));
  return lines.length === 0 ? "; it printed nothing" : `; its last lines:\n${lines.join("\n")}`;
}
