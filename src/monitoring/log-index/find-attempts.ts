import type { House } from "../../stage.ts";
import { withConnection } from "../../storage/duckdb.ts";
import type { Attempt } from "./attempts.ts";
import { exists, repeatsFile } from "./index-files.ts";
import { eachMatch, inKeyOrder, keysOf } from "./keys.ts";
import { findRepeats } from "./repeats.ts";
import { readRunKeys } from "./run-file.ts";
import { runsOf } from "./runs.ts";

/**
 * The attempts of each of these rows that the index has, in the order of the rows. Of a row that was asked for once no more than the time is read: there is
 * nothing to tell it from.
 */
export async function findAttempts(house: House, endpoint: string, rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<Attempt[][]> {
  const found = rows.map((): Attempt[] => []);
  // A row that was asked for several times has all its attempts in one place; any other has one.
  if (await exists(repeatsFile(house, endpoint))) {
    for (const { place, ...attempt } of await withConnection((connection) => findRepeats(connection, house, endpoint, rows))) found[place].push(attempt);
  }
  const keys = keysOf(rows);
  let missing = inKeyOrder(keys).filter((place) => found[place].length === 0);
  // The newest first: most labels are of the last weeks.
  for (const run of (await runsOf(house, endpoint)).toReversed()) {
    if (missing.length === 0) break;
    const indexed = await readRunKeys(run);
    const hits: [number, number][] = [];
    eachMatch(indexed.keys, keys, missing, (place, at) => hits.push([place, at]));
    if (hits.length === 0) continue;
    const { eventTimes } = await indexed.rest();
    for (const [place, at] of hits) found[place].push({ digest: null, eventTime: eventTimes[at], receivedAt: 0, shadow: false });
    missing = missing.filter((place) => found[place].length === 0);
  }
  return found;
}
