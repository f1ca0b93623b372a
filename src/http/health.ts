import type { House } from "../stage.ts";
import { databaseDamaged, watchOf } from "../storage/damage.ts";
import { diskFullText, roomIn } from "../storage/disk-full.ts";

/** What `/health` tells. */
export interface Health {
  /** `damaged`: the database is, and nothing is written to it. `disk_full`: writes are refused until there is room. */
  readonly status: "ok" | "damaged" | "disk_full";
  readonly pid: number;
  /** A sentence for each thing that is wrong, with what to do. */
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

const foldersOf = ({ settings }: Pick<House, "settings">): ReadonlyMap<string, string> => new Map([["home", settings.home], ["artifacts", settings.artifacts]]);

/** Whether the server can do its work now; asks the disk, and what is known of the database. */
export function healthOf(house: Pick<House, "settings" | "db">): Health {
  const damage = watchOf(house.db)?.damage;
  const full = [...new Set(foldersOf(house).values())].filter((folder) => roomIn(folder).full);
  const problems = [
    ...(damage ? [{ code: "storage.database_damaged", message: databaseDamaged(damage.file, damage.what).message }] : []),
    // One disk is told once.
    ...full.slice(0, 1).map((folder) => ({ code: "storage.disk_full", message: diskFullText(folder) })),
  ];
  return { status: damage ? "damaged" : full.length > 0 ? "disk_full" : "ok", pid: process.pid, problems };
}

/** Prometheus' text format, version 0.0.4. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** What `/metrics` tells of the server; the gateway has metrics of its own. */
export function serverMetrics(house: Pick<House, "settings" | "db">): string {
  const rooms = [...foldersOf(house)].map(([name, folder]) => ({ name, ...roomIn(folder) }));
  const gauge = (name: string, help: string, samples: readonly string[]): string => [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map((sample) => `${name}${sample}`), ""].join("\n");
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return [
    gauge("process_resident_memory_bytes", "Resident memory.", [` ${rss}`]),
    gauge("nodejs_heap_size_used_bytes", "Memory used on the JavaScript heap.", [` ${heapUsed}`]),
    gauge("nodejs_external_memory_bytes", "Memory outside of the JavaScript heap that its objects hold, buffers among it.", [` ${external}`]),
    gauge("nodejs_array_buffers_bytes", "Memory of buffers.", [` ${arrayBuffers}`]),
    gauge("millrace_server_disk_free_bytes", "Bytes that the server may still write where it keeps this.", rooms.flatMap(({ name, free }) => (free === undefined ? [] : [`{folder="${name}"} ${free}`]))),
    gauge("millrace_server_disk_full", "1 while there is no room, and writes are refused.", rooms.map(({ name, full }) => `{folder="${name}"} ${Number(full)}`)),
    gauge("millrace_server_database_damaged", "1 once the database was found damaged; nothing is written to it.", [` ${Number(watchOf(house.db)?.damage !== undefined)}`]),
  ].join("");
}
