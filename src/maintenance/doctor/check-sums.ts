import { isSqlite, tableNames } from "../../storage/dialect.ts";
import { openDatabase, type Database } from "../../storage/database.ts";
import { describeError } from "../../errors.ts";
import { checkSums, repairSums, type SumFault } from "../../tracking/sums/check-sums.ts";
import { databasePlace } from "./check-database.ts";
import type { Exam } from "./exam.ts";

/** So many are told by name. */
const mostTold = 10;

/** With `full`: every sum of a metric history against its points, from which charts of long histories are drawn. */
export async function checkMetricSums(exam: Exam): Promise<void> {
  const { db, settings } = exam;
  if (!exam.full || !db) return;
  const where = `${databasePlace(settings)}, table metric_sums`;
  const faults: SumFault[] = [];
  try {
    // A home of an older Millrace has none.
    if (!(await tableNames(db)).includes("metric_sums")) return;
    exam.count("sums of metric histories", await checkSums(db, (fault) => faults.push(fault)));
  } catch (error) {
    exam.find({ check: "database", severity: "error", what: `The sums of metric histories cannot be read: ${describeError(error)}`, where, todo: "Mend the database first, see above" });
  }
  if (faults.length === 0) return;
  const told = faults.slice(0, mostTold).map(({ runId, key, what }) => `metric ${key} of run ${runId}, ${what}`);
  exam.find({
    check: "database",
    severity: "error",
    what: `Charts are wrong: ${faults.length} sums of metric histories do not say what their points say: ${told.join("; ")}${faults.length > mostTold ? `; and ${faults.length - mostTold} more` : ""}`,
    where,
    todo: "Have them made anew from the points, which are whole: `millrace doctor --full --repair`",
    repair: {
      does: "mark them to be made anew; until the server has, these histories are read point by point",
      // A server on SQLite is alone with its database.
      whileRunning: !isSqlite(db),
      act: async () => {
        const writing = await openForWriting(exam);
        try {
          await repairSums(writing, faults);
        } finally {
          await writing.destroy();
        }
      },
    },
  });
}

const openForWriting = async ({ settings }: Exam): Promise<Database> => (settings.database === null ? openDatabase(databasePlace(settings)) : (await import("../../storage/postgres.ts")).openPostgres(settings.database));
