import type { Reading } from "../../values/reading.ts";
import type { StoredType } from "../types.ts";
import type { SurveyColumn } from "./survey-column.ts";

/** What the caller knows better than the table tells, by column; everything not said is decided. */
export interface ReadingChoices {
  /** Words for missing, instead of those of each kind of column: for all columns, or by column. */
  readonly missing?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  readonly decimal?: "." | "," | Readonly<Record<string, "." | ",">>;
  readonly thousands?: Mark | Readonly<Record<string, Mark>>;
  /** Which of `01/02/2024` is the day, or what numbers count; or, for a new column, the columns that its date is joined from. */
  readonly dates?: Readonly<Record<string, DateWriting | readonly string[]>>;
  readonly types?: Readonly<Record<string, ChosenType>>;
}

export type Mark = "" | "." | "," | " " | "'";
export type DateWriting = "dmy" | "mdy" | "ymd" | "s" | "ms" | "us" | "ns" | "excel" | "yyyymmdd" | "yyyymm" | "year";
export type ChosenType = "number" | "text" | "boolean" | "date";

/** What one column of a source is, as `surveyed`, and the sentence that tells a person what was decided where that was not plain. */
export interface Decision {
  readonly reading: Reading;
  readonly stored: StoredType;
  readonly remarks: readonly Remark[];
}

/** Something about how a column is read that a person should know, and the setting that says it (or otherwise). */
export interface Remark {
  readonly column: string;
  readonly message: string;
  /** The part of `data:` in the project file that makes the decision explicit. */
  readonly setting?: { readonly name: "missing" | "decimal" | "thousands" | "dates" | "types"; readonly value: unknown };
}

export interface SurveyedColumn {
  readonly name: string;
  readonly survey: SurveyColumn;
  /** The source's own type, where it has types. */
  readonly typed?: "boolean" | "timestamp" | "date";
  /** The line of the source (from 1) on which a row (from 0) stands. */
  readonly lineOf: (row: number) => number;
  /** The column is to be predicted. */
  readonly target: boolean;
  /** Whole numbers may well be instants, since the source has no other form for them (pandas writes them so to JSON). */
  readonly epochs: boolean;
}

/** A distinct text of a column. */
export interface CountedText {
  readonly text: string;
  readonly count: number;
  readonly row: number;
}

/** The distinct texts of a column that are no plain numbers, in order of first appearance. */
export function countedTexts(survey: SurveyColumn): CountedText[] {
  return survey.texts.texts().map((text, index) => ({ text: text.trim(), count: survey.countOf(index), row: survey.firstRowOf(index) }));
}

/** `12 cells such as "tbd" (line 40)`. */
export function cellsSuchAs(cells: readonly CountedText[], lineOf: (row: number) => number): string {
  const count = cells.reduce((sum, cell) => sum + cell.count, 0);
  const shown = cells.slice(0, 3).map(({ text }) => (text.length > 40 ? `${text.slice(0, 40)}…` : text)).map((text) => `\`${text}\``);
  return `${count} ${count === 1 ? "cell," : "cells such as"} ${shown.join(", ")} (line ${lineOf(cells[0].row)})`;
}
