import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock, type Clock } from "./clock.ts";
import type { Settings } from "./config.ts";
import { openEvents } from "./events.ts";
import { describeError } from "./errors.ts";
import { openLog, type Logger } from "./log.ts";
import { openEngine, type Engine } from "./pipelines/engine.ts";
import { openProcessExecutor } from "./pipelines/process-executor.ts";
import { houseMigrations } from "./house-migrations.ts";
import type { House, Stage, Step } from "./stage.ts";
import { claimArtifacts } from "./storage/claim-artifacts.ts";
import { databaseDamaged, watchOf } from "./storage/damage.ts";
import { openDatabase, type Database } from "./storage/database.ts";
import { openFolderBlobs } from "./storage/folder-blobs.ts";
import { holdsOf } from "./storage/holds.ts";
import { migrate } from "./storage/migrations.ts";

export interface OpenHouse {
  readonly house: House;
  readonly engine: Engine;
  readonly close: () => Promise<void>;
}

/** The steps of all rooms by name. */
export function stepsOf(stages: readonly Stage[]): ReadonlyMap<string, Step> {
  return new Map(stages.flatMap((stage) => stage.steps ?? []).map((step) => [step.name, step]));
}

/** The metadata of these settings: a PostgreSQL database, or the SQLite file of the home folder. The driver is loaded only when it is asked for. */
async function openMetadata({ home, database }: Settings): Promise<Database> {
  if (database === null) return openDatabase(join(home, "millrace.db"));
  return (await import("./storage/postgres.ts")).openPostgres(database);
}

/** Bytes up to which a database is read through before the server begins; a larger one meanwhile. */
const checkedAtOnce = 256 << 20;

/** Looks through the pages of SQLite's file at the start, and again at the first sign of damage; what is found is in the log, in `/health`, and stops writes. */
async function watchDamage(db: Database, { home, database }: Settings, log: Logger): Promise<void> {
  const watch = watchOf(db);
  if (!watch || database !== null) return;
  const file = join(home, "millrace.db");
  watch.onDamage(({ what }) => {
    log.error({ file }, databaseDamaged(file, what).message);
    // The first sign is one page; the log has what else is broken.
    watch.check().then(
      (wrong) => log.error({ file, wrong }, `what is wrong with ${file}: ${wrong.join("; ") || "every page can be read now"}`),
      (error: unknown) => log.error({ err: error }, `${file} could not be looked through: ${describeError(error)}`),
    );
  });
  const first = watch.check().catch((error: unknown) => log.error({ err: error }, `${file} could not be looked through: ${describeError(error)}`));
  if (statSync(file).size <= checkedAtOnce) await first;
}

/** Opens the foundations over a home folder and brings its schema up to date. */
export async function openHouse(settings: Settings, stages: readonly Stage[], clock: Clock = systemClock): Promise<OpenHouse> {
  const log = openLog(settings.logLevel, "server");
  const db = await openMetadata(settings);
  try {
    await watchDamage(db, settings, log);
    await migrate(db, houseMigrations(stages), clock.now());
    if (holdsOf(db).shared) await claimArtifacts(db, settings.artifacts);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const main = fileURLToPath(new URL(`main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  const executor = openProcessExecutor({ program: main, args: ["worker", settings.artifacts, join(settings.home, "kept")], workers: settings.workers });
  const engine = openEngine(() => house, clock, stepsOf(stages), executor);
  const house: House = {
    settings,
    db,
    blobs: openFolderBlobs(settings.artifacts),
    events: openEvents(log),
    clock,
    log,
    newId: () => randomUUID().slice(0, 8),
    pipelines: engine,
    definitions: new Map(stages.flatMap((stage) => stage.definitions ?? []).map((definition) => [definition.name, definition])),
    collectors: stages.flatMap(({ collector }) => (collector ? [collector] : [])),
  };
  return {
    house,
    engine,
    close: async () => {
      await engine.stop();
      await db.destroy();
    },
  };
}
