import { CellBudget, RememberedCells } from "../columns/remembered-cells.ts";
import { SurveyColumn, type PackedSurvey } from "../columns/survey-column.ts";
import type { CsvLayout } from "./layout.ts";
import { LineNumbers } from "./line-numbers.ts";
import { CsvFault, scanCsv, type Scanned } from "./scan-csv.ts";

/** A stretch of a delimited file, and how its records are written. */
export interface SurveyPart {
  readonly path: string;
  readonly csv: CsvLayout;
  /** Bytes; records that begin here. */
  readonly from: number;
  readonly stop: number;
  /** Bytes that its cells may take in memory. */
  readonly budget: number;
  /** Rows to make room for; there may be more or fewer. */
  readonly expected: number;
}

/** What was met in a part. */
export interface SurveyedPart extends Scanned {
  readonly surveys: readonly SurveyColumn[];
  readonly lineNumbers: LineNumbers;
}

/** The same as plain data, or what kept a record from being read, its line counted from the beginning of the part. */
export type PackedPart = (Scanned & { readonly surveys: readonly PackedSurvey[]; readonly lineNumbers: LineNumbers["packed"] }) | { readonly fault: Pick<CsvFault, "kind" | "line"> };

/** Surveys every column of a part of a file. @throws `CsvFault` */
export async function surveyPart({ path, csv, from, stop, budget, expected }: SurveyPart): Promise<SurveyedPart> {
  const shared = new CellBudget(budget);
  const surveys = Array.from({ length: csv.width }, () => new SurveyColumn(false, new RememberedCells(shared, expected)));
  const lineNumbers = new LineNumbers();
  const scanned = await scanCsv(path, { ...csv, part: { from, stop }, onRow: (line) => lineNumbers.add(line) }, surveys);
  return { ...scanned, surveys, lineNumbers };
}

export async function packedPart(part: SurveyPart): Promise<PackedPart> {
  try {
    const { surveys, lineNumbers, ...scanned } = await surveyPart(part);
    return { ...scanned, surveys: surveys.map((survey) => survey.packed), lineNumbers: lineNumbers.packed };
  } catch (fault) {
    if (!(fault instanceof CsvFault)) throw fault;
    return { fault: { kind: fault.kind, line: fault.line } };
  }
}
