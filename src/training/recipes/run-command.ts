import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { withoutDatabase } from "../../config.ts";
import { MillraceError } from "../../errors.ts";
import { OutputBound } from "./output-bound.ts";

export interface CommandRun {
  readonly command: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; null: as long as it takes. */
  readonly timeout: number | null;
  /** So long a program may take to end when it is asked to (SIGTERM), before it is ended (SIGKILL), ms. */
  readonly grace: number;
  /** Is given its output, which is bounded. */
  readonly print: (text: string) => void;
  /** Is given its last line, now and then. */
  readonly onLine: (line: string) => void;
  readonly onStart?: (group: number) => Promise<void>;
}

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  /** The system says that it ended a process for lack of memory meanwhile. */
  readonly outOfMemory: boolean;
  /** Its last lines. */
  readonly tail: string;
  readonly seconds: number;
}

/**
 * Runs the command in a process group of its own, beside a watcher that ends the group when this process is gone, however it went: the watcher reads a pipe whose
 * other end only this process holds. The shell outlives SIGTERM as long as the program that it waits for, which has the grace to save what it has. `$1` is the command, `$2` the grace in tenths of a second.
 */
const watched = `(trap '' TERM INT HUP; cat <&3 >/dev/null; kill -TERM 0; left=$2; while [ $left -gt 0 ] && kill -0 $$; do sleep 0.1; left=$((left - 1)); done; kill -KILL 0) >/dev/null 2>&1 &
exec 3<&-
trap 'exit 143' TERM
millrace_command=$1
shift 2
eval "$millrace_command"`;

/** How often a last line is told, ms. */
const tellEvery = 250;

/**
 * Runs a command line to its end, with everything it starts: when it ends, what it left running is ended, too; at its deadline its whole process group gets SIGTERM
 * and after the grace SIGKILL. What it prints is bounded and never waited for.
 *
 * @throws `training.no_shell` on a system without a POSIX shell
 */
export async function runCommand({ command, folder, env, timeout, grace, print, onLine, onStart }: CommandRun): Promise<CommandEnd> {
  if (process.platform === "win32") throw new MillraceError("training.no_shell", 501, "train.run needs a POSIX shell (/bin/sh), which Windows does not have; run Millrace in WSL or in a container");
  const started = performance.now();
  const killsBefore = await memoryKills();
  const child = spawn("/bin/sh", ["-c", watched, "millrace-recipe", command, String(Math.ceil(grace / 100))], {
    cwd: folder,
    env: { ...withoutDatabase(process.env), ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const output = new OutputBound(print);
  const told = lastLines(onLine);
  const closed = Promise.all(
    [child.stdout!, child.stderr!].map((stream) => {
      const decoder = new StringDecoder("utf8");
      stream.on("data", (part: Buffer) => {
        const text = decoder.write(part);
        output.add(text);
        told(text);
      });
      return once(stream, "close");
    }),
  );
  // All listeners are there before anything is waited for: a command may end at once.
  await once(child, "spawn");
  const group = child.pid!;
  // The watcher's pipe: only closed by the end of this process, or below.
  child.stdio[3]!.on("error", () => undefined);
  await onStart?.(group);
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  if (timeout !== null) {
    timers.push(
      setTimeout(() => {
        timedOut = true;
        signalGroup(group, "SIGTERM");
        timers.push(setTimeout(() => signalGroup(group, "SIGKILL"), grace));
      }, timeout),
    );
  }
  try {
    const [code, signal] = await ended;
    // What it left running, and the watcher.
    signalGroup(group, "SIGKILL");
    await closed;
    output.end();
    return { code, signal, timedOut, outOfMemory: (await memoryKills()) > killsBefore, tail: output.tail, seconds: (performance.now() - started) / 1000 };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    child.stdio[3]!.destroy();
  }
}

/** Sends a signal to every process of a group; a group that is gone is well. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Tells the last whole line of what comes, at most so often; a progress bar that writes over its line counts as lines. */
function lastLines(tell: (line: string) => void): (text: string) => void {
  let [open, next] = ["", 0];
  return (text) => {
    const lines = `${open}${text}`.slice(-4096).split(/[\r\n]+/);
    open = lines.pop()!;
    const last = lines.findLast((line) => line.trim() !== "");
    if (last === undefined || performance.now() < next) return;
    next = performance.now() + tellEvery;
    tell(last);
  };
}

/** How often the kernel has ended a process for lack of memory, on this machine or in this container; 0 where it does not say. */
async function memoryKills(): Promise<number> {
  const counts = await Promise.all(["/proc/vmstat", "/sys/fs/cgroup/memory.events"].map((path) => readFile(path, "utf8").catch(() => "")));
  return counts.reduce((sum, text) => sum + Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0), 0);
}
