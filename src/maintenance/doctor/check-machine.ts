import { constants, statfsSync } from "node:fs";
import { access, chmod, lstat, readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { sql } from "kysely";
import { formatDuration } from "../../clock.ts";
import { isSqlite } from "../../storage/dialect.ts";
import type { Exam } from "./exam.ts";

/** How far clocks may be apart, and what was written ahead of now. */
const tolerance = 5000;

/** The clock has not gone back behind what was written, and the server's and the database's go with it. */
export async function checkClock(exam: Exam): Promise<void> {
  const { db, url } = exam;
  const todo = "Set the clock right (timedatectl; NTP), then start the server again. What was written while it was wrong keeps its times";
  if (db) {
    const { rows } = await sql<{ newest: number | null }>`select max(time) as newest from (select max(time) as time from audit_log union all select max(applied_at) from schema_migrations) as written`.execute(db).catch(() => ({ rows: [] }));
    const ahead = (rows[0]?.newest ?? 0) - exam.clock.now();
    if (ahead > tolerance) exam.find({ check: "clock", severity: "error", what: `The database holds entries from ${formatDuration(ahead)} ahead of this machine's clock (${new Date(exam.clock.now()).toISOString()}): it was set back, or was ahead then`, where: "the clock of this machine", todo });
    if (!isSqlite(db)) {
      const { rows: theirs } = await sql<{ now: number }>`select extract(epoch from clock_timestamp()) * 1000 as now`.execute(db).catch(() => ({ rows: [] }));
      const apart = Math.abs((theirs[0]?.now ?? exam.clock.now()) - exam.clock.now());
      if (apart > tolerance) exam.find({ check: "clock", severity: "error", what: `PostgreSQL's clock is ${formatDuration(apart)} away from this machine's`, where: "the clocks of both machines", todo });
    }
  }
  if (url === undefined) return;
  const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  const theirs = Date.parse(answer?.headers.get("date") ?? "");
  // The header has whole seconds.
  if (Number.isFinite(theirs) && Math.abs(theirs - exam.clock.now()) > tolerance + 1000) exam.find({ check: "clock", severity: "error", what: `The server's clock is ${formatDuration(Math.abs(theirs - exam.clock.now()))} away from this one`, where: url, todo });
}

const mebibyte = 1 << 20;

/** Room for writes: bytes and, where the file system counts them, files. */
export function checkDisk(exam: Exam): void {
  for (const folder of new Set([exam.settings.home, exam.settings.artifacts])) {
    let found;
    try {
      found = statfsSync(folder);
    } catch {
      continue;
    }
    const free = found.bavail * found.bsize;
    const share = found.blocks === 0 ? 1 : found.bavail / found.blocks;
    const todo = "Make room: `millrace gc` removes for good what was deleted";
    if (free < 64 * mebibyte) exam.find({ check: "disk", severity: "error", what: `The disk is all but full: ${(free / mebibyte).toFixed(1)} MiB are free; writes are refused with 507`, where: folder, todo });
    else if (free < 1024 * mebibyte && share < 0.05) exam.find({ check: "disk", severity: "warning", what: `The disk is nearly full: ${(free / mebibyte).toFixed(0)} MiB are free (${(share * 100).toFixed(1)} %)`, where: folder, todo });
    if (found.files > 0 && found.ffree < 1000) exam.find({ check: "disk", severity: found.ffree === 0 ? "error" : "warning", what: `The file system takes ${found.ffree} more files`, where: folder, todo });
  }
}

/** What is in a home is its owner's alone, and this user may read and write it. */
export async function checkPermissions(exam: Exam): Promise<void> {
  const { home, artifacts } = exam.settings;
  const open: { path: string; mode: number }[] = [];
  const closed: string[] = [];
  const readOnly: string[] = [];
  const own = artifacts.startsWith(home + sep);
  const walk = async (path: string): Promise<void> => {
    const found = await lstat(path).catch(() => undefined);
    if (!found || found.isSymbolicLink()) return;
    exam.count("files and folders of the home");
    if ((found.mode & 0o077) !== 0 && (own || path !== artifacts)) open.push({ path, mode: found.mode });
    const need = constants.R_OK | constants.W_OK | (found.isDirectory() ? constants.X_OK : 0);
    const code = await access(path, need).then(() => undefined, (error: NodeJS.ErrnoException) => error.code);
    if (code === "EROFS") readOnly.push(path);
    else if (code !== undefined) closed.push(path);
    if (found.isDirectory()) for (const name of await readdir(path).catch(() => [])) await walk(join(path, name));
  };
  await walk(home);
  if (readOnly.length > 0) exam.find({ check: "disk", severity: "error", what: "The file system is read-only", where: readOnly[0], todo: `Look why (the system's log): a disk that fails is made so. Back the home up (\`millrace backup\` works still), and mount it for writing or restore it elsewhere` });
  if (closed.length > 0) exam.find({ check: "permissions", severity: "error", what: `This user may not read and write ${closed.length} files or folders of the home, the first of which is told`, where: closed[0], todo: `Make the user that the server runs as their owner: chown -R USER ${home}` });
  if (open.length === 0) return;
  exam.find({
    check: "permissions",
    severity: "warning",
    what: `Other users may read or write ${open.length} files or folders of the home, the first of which is told`,
    where: open[0].path,
    todo: `Have them closed: \`millrace doctor --repair\`, or chmod -R go= ${home}`,
    repair: { does: "close them to other users (folders 0700, files 0600)", whileRunning: true, act: async () => void (await Promise.all(open.map(({ path, mode }) => chmod(path, mode & 0o700)))) },
  });
}
