import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * The commit a folder's code stands at, `<40 hex digits>`, with `-dirty` when something in the folder is not committed; null outside a
 * git work tree or without git. Part of the lineage of what the project makes.
 */
export async function codeVersion(folder: string): Promise<string | null> {
  const git = async (...args: string[]): Promise<string> => (await promisify(execFile)("git", ["-C", folder, ...args])).stdout.trim();
  try {
    const commit = await git("rev-parse", "HEAD");
    return (await git("status", "--porcelain", "--", ".")) === "" ? commit : `${commit}-dirty`;
  } catch {
    // No git, no work tree or no commit yet: then there is no commit to name.
    return null;
  }
}
