import { serveThread } from "../../threads.ts";
import type { ColumnProfile } from "./profile-types.ts";
import { columnProfiles, type ProfiledTable } from "./profile.ts";

/** Profiles columns on a thread of its own; their values lie in shared memory. */
serveThread<ProfiledTable, ColumnProfile[]>(import.meta.url, async (table) => ({ output: columnProfiles(table) }));
