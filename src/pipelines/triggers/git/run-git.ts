import { spawn } from "node:child_process";
import { withoutDatabase } from "../../../config.ts";
import { invalid, MillraceError } from "../../../errors.ts";

export interface GitOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, ms. */
  readonly timeout?: number;
}

const defaultTimeout = 900_000;
/** More than any list of branches or of changed files has. */
const mostOutput = 64 << 20;

/** What Git must not do here: run hooks, load submodules, ask anybody for a password, or speak by a program of the address's choice (`ext::`). */
const settings = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false", "fetch.recurseSubmodules=false", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false", "credential.interactive=false"];

function environment(): Record<string, string | undefined> {
  // A server that was started by a hook has Git's variables of another repository.
  const own = Object.fromEntries(Object.entries(withoutDatabase(process.env)).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|PREFIX|QUARANTINE_PATH|NAMESPACE)$/.test(name)));
  return { GIT_SSH_COMMAND: "ssh -o BatchMode=yes", ...own, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "", GIT_ALLOW_PROTOCOL: "file:https:http:ssh:git", GIT_OPTIONAL_LOCKS: "0", GIT_LFS_SKIP_SMUDGE: "1" };
}

/**
 * Runs Git and answers with what it printed. Throws `pipelines.no_git` where there is none, `pipelines.git_failed` with Git's own words, `pipelines.git_slow`. It ends
 * with whatever it started when it takes too long or `signal` is aborted.
 */
export async function runGit(args: readonly string[], { signal, timeout = defaultTimeout }: GitOptions = {}): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn("git", [...settings.flatMap((one) => ["-c", one]), ...args], { env: environment(), stdio: ["ignore", "pipe", "pipe"], detached: true });
  const said: Buffer[] = [];
  let [size, complaint] = [0, ""];
  let slow = false;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const timer = setTimeout(() => {
    slow = true;
    end();
  }, timeout);
  signal?.addEventListener("abort", end);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
      child.stderr.on("data", (part: Buffer) => (complaint = `${complaint}${String(part)}`.slice(-10_000)));
      child.stdout.on("data", (part: Buffer) => {
        size += part.length;
        if (size > mostOutput) end();
        else said.push(part);
      });
    });
    signal?.throwIfAborted();
    if (slow) throw new MillraceError("pipelines.git_slow", 504, `git ${args[0]} took longer than ${timeout / 1000} s and was ended`);
    if (size > mostOutput) throw invalid("pipelines.git_failed", `git ${args[0]} printed more than ${mostOutput} bytes`);
    if (code !== 0) throw invalid("pipelines.git_failed", `git could not do it: ${firstWords(complaint)}`);
    return Buffer.concat(said).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw invalid("pipelines.no_git", "There is no program `git` on this machine's PATH; a trigger on Git needs it");
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** The lines in which Git says what is wrong, without passwords that stand in an address. */
function firstWords(complaint: string): string {
  const lines = complaint.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const telling = lines.filter((line) => /^(fatal|error|remote):/i.test(line));
  return ((telling.length > 0 ? telling : lines).slice(0, 3).join("; ") || "it said nothing").replaceAll(/(\w+:\/\/)[^/@\s]+@/g, "$1…@").slice(0, 600);
}
