import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import type { Settings } from "../../config.ts";
import { describeError, notFound } from "../../errors.ts";
import { runningServer } from "../../cli/find-server.ts";
import { openFolderBlobs } from "../../storage/folder-blobs.ts";
import { homeHolder, lockHome } from "../../storage/home-lock.ts";
import type { Finding, Report, ToldFinding } from "../types.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { checkBackup } from "./check-backup.ts";
import { checkDatabase, openForReading } from "./check-database.ts";
import { checkGateway } from "./check-gateway.ts";
import { checkClock, checkDisk, checkPermissions } from "./check-machine.ts";
import { checkJournals, checkPredictions } from "./check-predictions.ts";
import { checkMetricSums } from "./check-sums.ts";
import type { Exam } from "./exam.ts";

export interface DoctorOptions extends Pick<Exam, "full" | "rooms"> {
  /** Does what can be done without losing anything. */
  readonly repair: boolean;
  /** Whole copies of contents, from a backup. */
  readonly copyOf?: Exam["copyOf"];
}

/**
 * Looks a home over, whether a server has it or not, and says what is wrong, where, what to do, and what can be repaired safely; with `repair` does that. It
 * reads beside a running server and changes nothing else. Throws `maintenance.no_home`.
 */
export async function examine(settings: Settings, clock: Clock, options: DoctorOptions): Promise<Report> {
  const { home, artifacts } = settings;
  if (!(await stat(home).then((found) => found.isDirectory(), () => false))) throw notFound("maintenance.no_home", `There is no home folder ${home}; name it with --home (MILLRACE_HOME)`);
  const findings: Finding[] = [];
  const checked: Record<string, number> = {};
  const find = (finding: Finding): void => void findings.push(finding);
  const running = await homeHolder(home);
  const db = await openForReading({ settings, find });
  try {
    const exam: Exam = {
      settings,
      full: options.full,
      rooms: options.rooms,
      clock,
      db,
      blobs: openFolderBlobs(artifacts),
      running,
      url: (await runningServer(home).catch(() => undefined))?.url,
      copyOf: options.copyOf ?? (() => Promise.resolve(undefined)),
      find,
      count: (what, many = 1) => void (checked[what] = (checked[what] ?? 0) + many),
    };
    if (running !== undefined && exam.url === undefined) find({ check: "gateway", severity: "error", what: `The server (process ${running}) has this home and does not answer`, where: join(home, "logs", "server.log"), todo: "It may be starting or stopping; if it stays so, `millrace down` ends it" });
    await checkDatabase(exam);
    await checkMetricSums(exam);
    await checkArtifacts(exam);
    await checkPredictions(exam);
    await checkJournals(exam);
    await checkGateway(exam);
    await checkClock(exam);
    checkDisk(exam);
    await checkPermissions(exam);
    await checkBackup(exam);
  } finally {
    await db?.destroy();
  }
  const told = options.repair ? await repairAll(home, findings, running) : findings.map((finding) => tell(finding));
  return { home, full: options.full, running: running ?? null, whole: told.every(({ severity, repaired }) => severity !== "error" || repaired), findings: told, checked };
}

const tell = ({ repair, ...finding }: Finding, outcome: { repaired?: boolean; repairFailed?: string } = {}): ToldFinding => ({ ...finding, repair: repair?.does ?? null, repaired: outcome.repaired ?? false, repairFailed: outcome.repairFailed ?? null });

/** One after the other, in the order of the checks: what comes from the artifact store is brought once that is mended. A stopped home is held meanwhile. */
async function repairAll(home: string, findings: readonly Finding[], running: number | undefined): Promise<ToldFinding[]> {
  const release = running === undefined && findings.some(({ repair }) => repair) ? await lockHome(home).catch(() => undefined) : undefined;
  const told: ToldFinding[] = [];
  try {
    for (const finding of findings) {
      const { repair } = finding;
      if (!repair) told.push(tell(finding));
      else if (!repair.whileRunning && !release) told.push(tell(finding, { repairFailed: `A server has this home; stop it first: millrace down --home ${home}` }));
      else {
        const failed = await repair.act().then(() => undefined, describeError);
        told.push(tell(finding, failed === undefined ? { repaired: true } : { repairFailed: failed }));
      }
    }
  } finally {
    await release?.();
  }
  return told;
}
