import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock, type Clock } from "./clock.ts";
import type { Settings } from "./config.ts";
import { openEvents } from "./events.ts";
import { openLog } from "./log.ts";
import { openEngine, type Engine } from "./pipelines/engine.ts";
import { openProcessExecutor } from "./pipelines/process-executor.ts";
import type { House, Stage, Step } from "./stage.ts";
import { auditMigrations } from "./storage/audit.ts";
import { openDatabase } from "./storage/database.ts";
import { openFolderBlobs } from "./storage/folder-blobs.ts";
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

/** Where the artifacts of a home folder lie. */
export const blobsRoot = (home: string): string => join(home, "artifacts");

/** Opens the foundations over a home folder and brings its schema up to date. */
export async function openHouse(settings: Settings, stages: readonly Stage[], clock: Clock = systemClock): Promise<OpenHouse> {
  const log = openLog(settings.logLevel, "server");
  const db = openDatabase(join(settings.home, "millrace.db"));
  await migrate(db, [{ name: "storage", migrations: auditMigrations }, ...stages], clock.now());
  const main = fileURLToPath(new URL(`main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  const executor = openProcessExecutor({ program: main, args: ["worker", blobsRoot(settings.home)], workers: settings.workers });
  const engine = openEngine(() => house, clock, stepsOf(stages), executor);
  const house: House = {
    settings,
    db,
    blobs: openFolderBlobs(blobsRoot(settings.home)),
    events: openEvents(log),
    clock,
    log,
    newId: () => randomUUID().slice(0, 8),
    pipelines: engine,
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
