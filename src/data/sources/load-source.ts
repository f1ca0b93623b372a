import { NumbersColumn } from "../columns/numbers-column.ts";
import { CategoriesColumn } from "../columns/categories-column.ts";
import { joinedTimesOf } from "../columns/joined-date.ts";
import type { Column, DatasetColumn, Table } from "../types.ts";
import type { TableSource } from "./source.ts";
import { readSource } from "./source-cells.ts";

/** A source as it was inspected, in memory: what `readTable` would read of the file that `ingest` writes of it. */
export async function loadSource(source: TableSource): Promise<Table> {
  const { rows } = source;
  const columns = source.columns.filter(({ joins }) => joins === undefined);
  const sinks = columns.map(({ reading = { type: "category" } }) => (reading.type === "category" ? new CategoriesColumn(reading, rows) : new NumbersColumn(reading, rows)));
  await readSource(source, sinks);
  return withJoined({ rows, columns: sinks.map((sink, index) => columnOf(columns[index], sink)) }, source.columns);
}

/** A table with the columns of `columns` that are joined from others of it, behind these. */
export function withJoined(table: Table, columns: readonly DatasetColumn[]): Table {
  const joined = columns.flatMap(({ name, joins }): Column[] => {
    const parts = joins?.map((part) => table.columns.find((column) => column.name === part)!);
    return parts ? [{ name, type: "number", values: joinedTimesOf(parts, table.rows) }] : [];
  });
  return { ...table, columns: [...table.columns, ...joined] };
}

function columnOf({ name, stored }: DatasetColumn, sink: NumbersColumn | CategoriesColumn): Column {
  if (sink instanceof NumbersColumn) return { name, type: "number", values: stored === "DATE" ? sink.values.map((time) => Math.floor(time / 86_400_000) * 86_400_000) : sink.values };
  const dictionary = sink.dictionary.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const place = new Map(dictionary.map((category, code) => [category, code]));
  const codes = Int32Array.from(sink.dictionary, (category) => place.get(category)!);
  return { name, type: "category", codes: sink.codes.map((code) => (code < 0 ? -1 : codes[code])), dictionary };
}
