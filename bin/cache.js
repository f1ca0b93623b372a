import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * The folder for what can be fetched or computed again: `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`, else, where that
 * cannot be written, a folder of this user in the system's temporary folder.
 */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const usual = join(base, "millrace");
  if (writable(usual)) return usual;
  const { username, uid } = userInfo();
  const spare = join(tmpdir(), `millrace-cache-${username}`);
  // Programs are run from here, so in a folder that everybody shares it must be ours.
  if (writable(spare) && (uid === -1 || statSync(spare).uid === uid)) return spare;
  throw new Error(`Neither ${usual} nor ${spare} can be written; set XDG_CACHE_HOME to a folder that can.`);
}

function writable(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
