import { Socket } from "node:net";

/**
 * Ends this process at once when the one that started it through `bin/` is gone. `bin/child.js` hands it one end of a pipe, which
 * closes however that process went, `kill -9` included. At once and not in good order: whoever kills the program and starts it again
 * must not meet its other half still stopping; everything written is durable without a good-bye.
 */
export function endWithParent(): void {
  const descriptor = process.env["MILLRACE_PARENT_FD"];
  // The processes started from here end with this one in their own ways.
  delete process.env["MILLRACE_PARENT_FD"];
  if (descriptor === undefined) return;
  const parent = new Socket({ fd: Number(descriptor), readable: true, writable: false });
  const end = (): void => void process.kill(process.pid, "SIGKILL");
  parent.once("end", end).once("error", end).resume().unref();
}
