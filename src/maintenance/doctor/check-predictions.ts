import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../errors.ts";
import { isAlive } from "../../serving/gateway/log/journal-owner.ts";
import { readFrames } from "../../serving/gateway/log/journal-frames.ts";
import { readParquetFooter, readParquetWhole } from "../../storage/read-parquet.ts";
import { namesIn, type Exam } from "./exam.ts";

/** Every Parquet file of the prediction log can be read: its footer, with `full` every value. */
export async function checkPredictions(exam: Exam): Promise<void> {
  const root = join(exam.settings.home, "predictions");
  for (const endpoint of await folders(exam, root)) {
    for (const date of await folders(exam, join(root, endpoint))) {
      const folder = join(root, endpoint, date);
      for (const name of (await list(exam, "predictions", folder)).filter((one) => one.endsWith(".parquet"))) {
        exam.count("files of the prediction log");
        const path = join(folder, name);
        try {
          await (exam.full ? readParquetWhole(path) : readParquetFooter(path));
        } catch (error) {
          exam.find({ check: "predictions", severity: "error", what: `A file of the prediction log of ${decodeURIComponent(endpoint)} cannot be read (${describeError(error)}); monitoring leaves it out`, where: path, todo: "Put it back from a copy of the home folder; its windows are then computed again by themselves. Without a copy, remove it" });
        }
      }
    }
  }
}

/** How often a journal is read that its gateway is writing to. */
const mostLooks = 3;

/** What gateways have not put into files yet is whole; the last frame of one that is being written may be torn. */
export async function checkJournals(exam: Exam): Promise<void> {
  const root = join(exam.settings.home, "gateway", "journals");
  for (const owner of await folders(exam, root, "journals")) {
    const looks = (await isAlive(owner)) ? mostLooks : 1;
    for (const name of await list(exam, "journals", join(root, owner))) {
      exam.count("journals");
      const path = join(root, owner, name);
      let told: string | undefined;
      for (let look = 1; look <= looks; look++) {
        told = await damageOf(path);
        if (told === undefined) break;
      }
      if (told !== undefined) exam.find({ check: "journals", severity: "error", what: told, where: path, todo: "The next gateway puts what is whole of it into the log, and counts what is not (millrace_prediction_log_lost_total). One that it cannot read stays: put it back from a copy, or remove it" });
    }
  }
}

async function damageOf(path: string): Promise<string | undefined> {
  try {
    const { rows, lost } = readFrames(path, await readFile(path));
    return lost === 0 ? undefined : `A journal of the prediction log is damaged: ${lost} of its ${rows + lost} rows are lost`;
  } catch (error) {
    // Put into a file meanwhile.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : `A journal of the prediction log cannot be read: ${describeError(error)}`;
  }
}

async function folders(exam: Exam, folder: string, check: "predictions" | "journals" = "predictions"): Promise<string[]> {
  return (await list(exam, check, folder)).filter((name) => !name.endsWith(".parquet"));
}

/** A file where a folder should be has no names: monitoring and gateway pass it over, too. */
const list = (exam: Exam, check: "predictions" | "journals", folder: string): Promise<string[]> => namesIn(exam, check, folder, ["ENOENT", "ENOTDIR"]);
