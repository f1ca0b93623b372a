/**
 * A program goes on when whoever read its output has gone (`millrace gateway --json | head -1`): what it says then is lost, as in a terminal that
 * was closed. Without this, Node ends a process whose standard output or error is a pipe that nobody reads (EPIPE), or a terminal that is gone (EIO).
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}
