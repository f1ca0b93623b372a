import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { day } from "../../clock.ts";
import { keptContents } from "../../storage/named-digests.ts";
import { filesOfContent } from "../../tracking/files.ts";
import type { Repair } from "../types.ts";
import { damageOf } from "./damage-of.ts";
import { namesIn, type Exam } from "./exam.ts";

/** Every content that a row names is there; with `full` every file of the store is read and holds what its name says. */
export async function checkArtifacts(exam: Exam): Promise<void> {
  const root = exam.settings.artifacts;
  const kept = exam.db ? await keptContents(exam.db).catch(() => new Map<string, string>()) : new Map<string, string>();
  const there = new Set<string>();
  for (const folder of await namesIn(exam, "artifacts", root)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const rest of await namesIn(exam, "artifacts", join(root, folder))) {
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
  for (const name of await namesIn(exam, "artifacts", folder)) {
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
