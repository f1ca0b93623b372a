import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile, damaged } from "../../checked-file.ts";
import { day } from "../../clock.ts";
import { describeError } from "../../errors.ts";
import { keptContents } from "../../storage/named-digests.ts";
import { filesOfContent } from "../../tracking/files.ts";
import type { Repair } from "../types.ts";
import type { Exam } from "./exam.ts";

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Every content that a row names is there; with `full` every file of the store is read and holds what its name says. */
export async function checkArtifacts(exam: Exam): Promise<void> {
  const root = exam.settings.artifacts;
  const kept = exam.db ? await keptContents(exam.db).catch(() => new Map<string, string>()) : new Map<string, string>();
  const there = new Set<string>();
  for (const folder of await namesIn(exam, root)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const rest of await namesIn(exam, join(root, folder))) {
      const [sha256, path] = [`${folder}${rest}`, join(root, folder, rest)];
      if (!/^[0-9a-f]{64}$/.test(sha256)) {
        exam.find({ check: "artifacts", severity: "warning", what: "A file of the artifact store is not named by a checksum, so nothing uses it", where: path, todo: "Look at it, and remove it if it is none of yours" });
        continue;
      }
      there.add(sha256);
      exam.count("artifacts");
      const what = await damageOf(path, sha256, exam.full);
      if (what === undefined) continue;
      if (exam.full) exam.count("damaged artifacts");
      exam.find({ check: "artifacts", severity: kept.has(sha256) || !exam.db ? "error" : "warning", what: `${await nameOf(exam, sha256, kept.get(sha256))} is damaged: ${what}`, where: path, ...(await mending(exam, sha256)) });
    }
  }
  for (const [sha256, column] of kept) {
    if (there.has(sha256)) continue;
    exam.find({ check: "artifacts", severity: "error", what: `${await nameOf(exam, sha256, column)} is gone`, where: join(root, sha256.slice(0, 2), sha256.slice(2)), ...(await mending(exam, sha256)) });
  }
  await checkLeftovers(exam, join(root, "tmp"));
}

/** What is wrong with a file of the store; without `full` only what its size tells. */
async function damageOf(path: string, sha256: string, full: boolean): Promise<string | undefined> {
  try {
    if (!full) return (await stat(path)).size === 0 && sha256 !== emptySha256 ? "it is empty" : undefined;
    const found = await hashFile(path);
    return found.sha256 === sha256 ? undefined : damaged(found);
  } catch (error) {
    return `the system does not give it (${describeError(error)})`;
  }
}

async function nameOf(exam: Exam, sha256: string, column: string | undefined): Promise<string> {
  const files = exam.db ? await filesOfContent(exam.db, sha256).catch(() => []) : [];
  if (files.length > 0) return `${files[0].owner === "" ? "" : `artifact "${files[0].path}" of ${files[0].owner}`}${files.length > 1 ? ` (and ${files.length - 1} others)` : ""}`;
  return column === undefined ? "A file that nothing names any more" : `A file that ${column} names`;
}

/** What to do about a content that is damaged or gone: a copy that is known to be whole is put there again. */
async function mending(exam: Exam, sha256: string): Promise<{ todo: string; repair?: Repair }> {
  const copy = await exam.copyOf(sha256);
  if (copy === undefined) return { todo: "Put the file there again from a backup (`millrace doctor --repair --from BACKUP`), or log its content once more" };
  return {
    todo: "Put its whole copy there: `millrace doctor --repair` with the same options",
    repair: { does: `put the whole copy ${copy} there`, whileRunning: true, act: async () => void (await exam.blobs.putFile(copy)) },
  };
}

/** Uploads that were cut off; a server's own are younger than a day. */
async function checkLeftovers(exam: Exam, folder: string): Promise<void> {
  const old: string[] = [];
  for (const name of await namesIn(exam, folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found && !name.startsWith("removing-") && found.mtimeMs < exam.clock.now() - day) old.push(join(folder, name));
  }
  if (old.length === 0) return;
  exam.find({
    check: "artifacts",
    severity: "warning",
    what: `${old.length} files are left of uploads that were cut off`,
    where: folder,
    todo: "Have them removed: `millrace doctor --repair`",
    repair: { does: "remove them", whileRunning: true, act: async () => void (await Promise.all(old.map((path) => rm(path, { force: true })))) },
  });
}

async function namesIn(exam: Exam, folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") exam.find({ check: "artifacts", severity: "error", what: `A folder cannot be read: ${error.message}`, where: folder, todo: "Give this user the folder (chown, chmod), or mend the disk" });
    return [];
  });
}
