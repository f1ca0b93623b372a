import { invalid } from "../../../../errors.ts";

/** The columns of rows by their names. Refuses a name that is there twice, as it does not say which of the columns is meant; `what` names the table. */
export function columnsByName(names: readonly string[], rows: readonly (readonly unknown[])[], what: string): ReadonlyMap<string, readonly unknown[]> {
  const columns = new Map<string, readonly unknown[]>();
  for (const [at, name] of names.entries()) {
    if (columns.has(name)) throw invalid("serving.bad_request", `${what} has the column "${name}" twice; give each column a name of its own.`);
    columns.set(name, rows.map((row) => row[at]));
  }
  return columns;
}
