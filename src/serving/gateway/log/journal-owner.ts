import { readFile } from "node:fs/promises";

/** A name for this process that no other process has: its id, and when it started where the system says so. */
export async function ownName(): Promise<string> {
  return `${process.pid}-${(await startOf(process.pid)) ?? ""}`;
}

/** Whether the process of a name is alive. */
export async function isAlive(name: string): Promise<boolean> {
  const [pid, start] = name.split("-");
  if (Number(pid) === process.pid) return name === (await ownName());
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await startOf(Number(pid));
  return now === undefined || now === start;
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)): ticks since the machine started. Undefined on systems without it. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
