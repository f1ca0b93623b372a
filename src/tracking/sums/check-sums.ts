import { sql, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { readAtOnce, transact } from "../../storage/transactions.ts";
import { trackingTables } from "../store.ts";
import { readRows } from "./seal.ts";
import { beginning, sumOf, type Place, type Row, type Sum } from "./sum.ts";

/** A sum that does not say what its points say. */
export interface SumFault {
  readonly series: number;
  readonly runId: string;
  readonly key: string;
  /** What is wrong, as a sentence without its end. */
  readonly what: string;
  /** Where the sum begins, if its own numbers are all that is wrong; null where the sums of the series do not cover it once. */
  readonly from: Place | null;
}

/** So many sums are compared at one moment. */
const atOnce = 64;
/** No sum has so many points: those of one step and time are summed up to fewer. */
const mostPoints = 200_000;
/** Sums are added in the same order: they differ by nothing, but for another processor's last bit. */
const closeTo = (one: number, other: number): boolean => one === other || Math.abs(one - other) <= 1e-12 * Math.max(Math.abs(one), Math.abs(other));

/** Makes every sum of every metric history anew from its points and says which differ; counts them all. Those that are marked stale say nothing, and are passed over. */
export async function checkSums(db: Database, tell: (fault: SumFault) => void): Promise<number> {
  const tables = trackingTables(db);
  let checked = 0;
  for (let after = -1; ; ) {
    const some = await tables
      .selectFrom("metric_series")
      .select(["id", "run_id", "key"])
      .where("id", ">", after)
      .where(sql<SqlBool>`(summed_step is not null or exists (select 1 from metric_sums where series_id = metric_series.id))`)
      .orderBy("id")
      .limit(200)
      .execute();
    for (const { id, run_id: runId, key } of some) checked += await checkSeries(db, id, (fault) => tell({ series: id, runId, key, ...fault }));
    if (some.length === 0) return checked;
    after = some.at(-1)!.id;
  }
}

type Told = Pick<SumFault, "what" | "from">;

/** The sums of one history, piece by piece, each at one moment: others write meanwhile. What is made anew keeps the outer bounds, so a piece begins where the last ended. */
async function checkSeries(db: Database, series: number, tell: (fault: Told) => void): Promise<number> {
  let checked = 0;
  for (let place = beginning; ; ) {
    const piece = await readAtOnce(db, (transaction) => checkPiece(transaction, series, place));
    for (const fault of piece.faults) tell(fault);
    checked += piece.checked;
    // Where they do not cover the history, all are made anew.
    if (piece.next === undefined) return checked;
    place = piece.next;
  }
}

async function checkPiece(db: Database, series: number, place: Place): Promise<{ readonly faults: Told[]; readonly checked: number; readonly next: Place | undefined }> {
  const tables = trackingTables(db);
  const held = await tables.selectFrom("metric_series").select(["summed_step", "summed_time"]).where("id", "=", series).executeTakeFirst();
  // It was deleted meanwhile.
  if (!held) return { faults: [], checked: 0, next: undefined };
  const end: Place = held.summed_step === null || held.summed_time === null ? beginning : [held.summed_step, held.summed_time];
  const sums = await tables
    .selectFrom("metric_sums")
    .selectAll()
    .where("series_id", "=", series)
    .where(sql<SqlBool>`(from_step, from_time) >= (${place[0]}, ${place[1]})`)
    .orderBy("from_step")
    .orderBy("from_time")
    .limit(atOnce)
    .execute();
  const faults: Told[] = [];
  const broken = (what: string) => ({ faults: [...faults, { what, from: null }], checked: sums.length, next: undefined });
  if (sums.length === 0) return isSame(place, end) ? { faults, checked: 0, next: undefined } : broken(`no sum covers ${between(place, end)}`);
  const rows = await readRows(db, series, place, [sums.at(-1)!.until_step, sums.at(-1)!.until_time], mostPoints);
  let [at, from] = [0, place];
  for (const sum of sums) {
    const [begin, until]: [Place, Place] = [[sum.from_step, sum.from_time], [sum.until_step, sum.until_time]];
    if (!isSame(begin, from)) return broken(`no sum covers ${between(from, begin)}`);
    const first = at;
    while (at < rows.length && isIn(rows[at], until)) at++;
    // Cut off by the limit: the next piece begins with it.
    if (at === rows.length && rows.length === mostPoints) {
      if (isSame(begin, place)) return broken(`more than ${mostPoints} points are in ${between(begin, until)}`);
      break;
    }
    from = until;
    if (sum.stale === 1) continue;
    if (at === first) return broken(`the points of ${between(begin, until)} are gone`);
    const difference = differenceOf(sum, sumOf(rows.slice(first, at), begin, until));
    if (difference !== undefined) faults.push({ what: `${between(begin, until)}: ${difference}`, from: begin });
  }
  return { faults, checked: sums.length, next: from };
}

const isSame = ([step, time]: Place, [otherStep, otherTime]: Place): boolean => step === otherStep && time === otherTime;
const isIn = ({ step, time }: Row, [untilStep, untilTime]: Place): boolean => step < untilStep || (step === untilStep && time < untilTime);
const between = ([step]: Place, [until]: Place): string => `${step === beginning[0] ? "the beginning" : `step ${step}`} to ${until === beginning[0] ? "the beginning" : `step ${until}`}`;

const numbers = ["first_step", "last_step", "first_time", "last_time", "points", "finite", "low", "low_step", "high", "high_step", "nan_points", "nan_step", "up_points", "up_step", "down_points", "down_step"] as const;

/** The first number in which two sums differ, in words. */
function differenceOf(kept: Sum, right: Sum): string | undefined {
  for (const name of numbers) if (kept[name] !== right[name]) return `${name} is ${kept[name]}, its points say ${right[name]}`;
  for (const name of ["total", "huge"] as const) if (!closeTo(kept[name], right[name])) return `${name} is ${kept[name]}, its points say ${right[name]}`;
  return undefined;
}

/** Has what was found made anew, by the server that runs next: sums with wrong numbers are marked stale, those that do not cover their history are forgotten. Histories are read point by point until then. */
export async function repairSums(db: Database, faults: readonly SumFault[]): Promise<void> {
  for (const [series, those] of Map.groupBy(faults, (fault) => fault.series)) {
    await transact(db, async (transaction) => {
      const own = trackingTables(transaction);
      if (those.some(({ from }) => from === null)) {
        await own.deleteFrom("metric_sums").where("series_id", "=", series).execute();
        await own.updateTable("metric_series").set({ summed_step: null, summed_time: null }).where("id", "=", series).execute();
        return;
      }
      for (const { from } of those) await own.updateTable("metric_sums").set({ stale: 1 }).where("series_id", "=", series).where("from_step", "=", from![0]).where("from_time", "=", from![1]).execute();
    });
  }
}
