import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm, unreachable } from "./npm.js";
import { once } from "./once.js";
import { say } from "./say.js";

/** The folder of package.json. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether this is a clone of the repository; the published package has no `src`. */
export const isClone = existsSync(join(root, "src", "main.ts"));

/** Brings `node_modules` in line with `package-lock.json`; does nothing when it is. */
export async function ensureDependencies() {
  await once(`${root}node_modules`, dependenciesFit, async () => {
    say("installing what package-lock.json lists (npm ci) …");
    const start = performance.now();
    try {
      await npm(["ci", "--include=dev"], root);
    } catch (error) {
      const offline = unreachable.has(error.code) ? " because the npm registry cannot be reached" : "";
      throw new Error(`The dependencies could not be installed${offline}.`, { cause: error });
    }
    say(`installed in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  });
}

/** Compares the lock file with npm's note of what it has installed; files' times say nothing after a checkout. */
function dependenciesFit() {
  const note = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).every(([path, { version, optional, devOptional, peer }]) => {
    const found = installed[path];
    // Optional packages of other systems are not installed.
    return path === "" || (found ? found.version === version : (optional ?? devOptional ?? peer) === true);
  });
}

/** Builds the web pages into `dist/web` when their source has changed since; `node` is the program to build with. */
export async function ensurePages(node) {
  if (!existsSync(join(root, "vite.config.ts"))) return;
  const stamp = join(root, "dist", "web.stamp");
  const source = sourceHash();
  const built = () => existsSync(join(root, "dist", "web", "index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === source;
  await once(`${root}dist/web`, built, () => {
    say("building the pages …");
    rmSync(stamp, { force: true });
    const vite = join(root, "node_modules", "vite", "bin", "vite.js");
    const { status, stdout, stderr } = spawnSync(node, [vite, "build", "--logLevel", "warn"], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`The pages could not be built:\n${stdout}${stderr}`);
    mkdirSync(join(root, "dist"), { recursive: true });
    writeFileSync(stamp, source);
  });
}

/** A hash of all that goes into the pages. Other files of `src` reach them as types only, apart from the HTTP client. */
function sourceHash() {
  const src = join(root, "src");
  const rooms = readdirSync(src).map((room) => join(src, room, "pages"));
  const folders = [join(src, "web"), join(src, "ui"), ...rooms].filter(existsSync);
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  const single = ["vite.config.ts", "package-lock.json", join("src", "http", "client.ts")].map((path) => join(root, path)).filter(existsSync);
  const hash = createHash("sha256");
  for (const file of [...files.toSorted(), ...single]) hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}
