import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { Settings } from "./config.ts";
import { runningServer, type ServerAddress } from "./cli/find-server.ts";
import { conflict } from "./errors.ts";
import { openHouse } from "./house.ts";
import { setServerAddress } from "./http/server-address.ts";
import { listen, openServer } from "./http/server.ts";
import { despiteDamage } from "./storage/damage.ts";
import { explainOpening } from "./storage/sqlite-errors.ts";
import { writeAtomically } from "./storage/atomic-file.ts";
import { orDiskFull } from "./storage/disk-full.ts";
import { keepPrivate, openHome, requireDatabase } from "./storage/home-folder.ts";
import { lockHome } from "./storage/home-lock.ts";
import { gatewayUrl } from "./serving/serving.ts";
import type { House, Stage } from "./stage.ts";

export interface RunningServer {
  readonly address: ServerAddress;
  readonly house: House;
  /** Stops the gateway, the workers and the server, in good order. */
  readonly stop: () => Promise<void>;
}

/** The control plane of a home folder: opens the house, starts the rooms, listens, and leaves its address in `<home>/run/server.json`. */
export async function startServer(settings: Settings, stages: readonly Stage[]): Promise<RunningServer> {
  const shared = await openHome(settings.home);
  if (settings.database === null) await requireDatabase(settings.home);
  keepPrivate(settings.home, settings.artifacts);
  const stops: (() => Promise<void>)[] = [await takeHome(settings.home).catch((error: unknown) => Promise.reject(orDiskFull(explainOpening(error, join(settings.home, "run", "server.lock")), settings.home)))];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  const startRoom = async (house: House, stage: Stage): Promise<void> => {
    if (stage.start) stops.push(await stage.start(house));
  };
  try {
    const { house, engine, close } = await openHouse(settings, stages);
    stops.push(close);
    if (shared.length > 0) house.log.warn({ paths: shared.slice(0, 10) }, `${shared.length} files of the home folder belong to another user and can be read by others; the first is ${shared[0]}`);
    const http = await openServer(house, stages, pagesFolder());
    // The order matters at both ends: who is answered finds a gateway that serves, and at the stop the engine rests before the gateway goes.
    for (const stage of stages) if (stage.name === "serving") await startRoom(house, stage);
    stops.push(() => closeServer(http));
    const url = await listen(http, settings.host, settings.port);
    setServerAddress(house, url);
    await despiteDamage(house.log, () => engine.resume());
    for (const stage of stages) if (stage.name !== "serving") await despiteDamage(house.log, () => startRoom(house, stage));
    // Before the rooms: a turn of the loop that waits for a retraining is cut off, not waited for.
    stops.push(() => engine.stop());
    const address: ServerAddress = { pid: process.pid, url, gateway: gatewayUrl(house), bound: process.channel !== undefined };
    await writeAtomically(join(settings.home, "run"), "server.json", JSON.stringify(address));
    stops.push(() => rm(join(settings.home, "run", "server.json"), { force: true }));
    return { address, house, stop };
  } catch (error) {
    await stop();
    throw orDiskFull(error, settings.home);
  }
}

/** Lets requests under way end, for a while; then closes what is open: a connection whose client has given up can linger over a minute. */
async function closeServer(http: FastifyInstance): Promise<void> {
  const impatience = setTimeout(() => http.server.closeAllConnections(), 2000);
  try {
    await http.close();
  } finally {
    clearTimeout(impatience);
  }
}

/** How long a former server of this home may take to end before we give up. */
const patienceMs = 20_000;

/**
 * One server per home folder: an exclusive lock on `run/server.lock`, which the system takes back however its process ends, so that
 * nothing stale is left and of two that start at once one gets it. A former server that is just ending is waited for.
 */
async function takeHome(home: string): Promise<() => Promise<void>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = await lockHome(home);
    if (lock) return lock;
    const running = await runningServer(home);
    if (running || performance.now() > deadline) {
      throw conflict("server.home_in_use", `A server ${running ? `(process ${running.pid}) already runs on ${home} at ${running.url}` : `is starting or stopping on ${home}`}; stop it with \`millrace down --home ${home}\`, or use another --home`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The built pages: `dist/web`, beside `src` in a clone and inside `dist` in the published package. */
const pagesFolder = (): string => fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../dist/web" : "./web", import.meta.url));
