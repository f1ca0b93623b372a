/** Whether a process of this number runs on this machine, ours or another user's; of a negative one, any of that process group. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
