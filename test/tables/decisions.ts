import { lookInto } from "../../src/data/look-into.ts";
import { loadSource } from "../../src/data/sources/load-source.ts";
import { inspectSource } from "../../src/data/sources/source.ts";

/** What `init` decides of a table, on one line, and all that it tells of it. */
export async function decisionsOf(path: string, target: string): Promise<{ line: string; left: readonly string[]; notes: readonly string[] }> {
  const source = await inspectSource(path, { target });
  const found = lookInto(source.columns, await loadSource(source), target);
  const of = (what: string, test: (stored: string) => boolean): string[] => {
    const names = source.columns.filter(({ stored, name }) => test(stored) && name !== target).map(({ name }) => name);
    return names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
  };
  const kindOf = (name: string): string => found.findings.find(({ columns, kind }) => columns.includes(name) && !["constant", "duplicate"].includes(kind))?.kind ?? "subject";
  const left = found.exclude.map((name) => `${name} (${kindOf(name)})`);
  const said = [
    `${found.task} of ${source.columns.find(({ name }) => name === target)!.stored}`,
    ...(found.time === null ? [] : [`time ${found.time}`]),
    ...(found.group === null ? [] : [`group ${found.group}`]),
    ...of("whole", (stored) => stored === "BIGINT"),
    ...of("numbers", (stored) => stored === "DOUBLE"),
    ...of("texts", (stored) => stored === "VARCHAR"),
    ...of("truths", (stored) => stored === "BOOLEAN"),
    ...of("times", (stored) => stored === "DATE" || stored === "TIMESTAMP"),
    ...(left.length === 0 ? [] : [`left out: ${left.join(", ")}`]),
  ];
  return { line: said.join(" | "), left: found.exclude, notes: [...source.remarks.map(({ message }) => message), ...found.notes] };
}
