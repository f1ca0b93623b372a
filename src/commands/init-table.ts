import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, extname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cancel, confirm, isCancel, select, text } from "@clack/prompts";
import { stringify } from "yaml";
import type { Command } from "../cli/command.ts";
import { columnNotFound } from "../data/column-names.ts";
import { lookInto } from "../data/look-into.ts";
import { loadSource, withJoined } from "../data/sources/load-source.ts";
import { inspectSource, type TableSource } from "../data/sources/source.ts";
import { suggestJoined } from "../data/suggest-joined.ts";
import { suggestTarget } from "../data/suggest.ts";
import { invalid, MillraceError } from "../errors.ts";
import { modelName } from "../project/load.ts";

/** Looks into a table and writes a project file that runs. */
export const initTable: Command["run"] = async ({ say }, [table], options) => {
  const ask = options["yes"] !== true &&  process.stdin.isTTY;
  const out = String(options["out"]);
  if (existsSync(out) && options["force"] !== true) {
    if (!ask || (await answer(confirm({ message: `${out} is there already. Replace it?`, initialValue: false }))) !== true) {
      throw invalid("init.file_exists", `${out} is there already; --force replaces it, --out writes another`);
    }
  }
  const source = table ?? (ask ? String(await answer(text({ message: "Which table? (a path)", placeholder: "data.csv" }))) : undefined);
  if (source === undefined) throw invalid("init.no_table", "Name the table to begin with: `millrace init TABLE`");
  const { inspected, target, reason } = await chooseTarget(source, options["target"] as string | undefined, ask);
  const loaded = await loadSource(inspected);
  const joined = suggestJoined(loaded, inspected.columns, target);
  const columns = joined ? [...inspected.columns, joined] : inspected.columns;
  const found = lookInto(columns, withJoined(loaded, columns), target);
  const settings = settingsOf(inspected);
  const project = {
    model: modelName(basename(source, extname(source))),
    data: {
      source: relative(resolve(out, ".."), resolve(source)) || basename(source),
      target,
      ...(found.time === null ? {} : { time: found.time }),
      ...(found.group === null ? {} : { split: { group: found.group } }),
      ...(found.exclude.length > 0 ? { exclude: found.exclude } : {}),
      ...settings,
      ...(joined && { dates: { ...settings["dates"], [joined.name]: joined.joins } }),
    },
    train: { algorithm: "auto" },
  };
  const schemaLine = `# yaml-language-server: $schema=${fileURLToPath(new URL("../../schema/millrace.schema.json", import.meta.url))}\n`;
  const notes = [...(reason === undefined ? [] : [`target ${target}: ${reason}`]), ...inspected.remarks.map(({ message }) => message), ...(joined ? [`${joined.name} is a new column: the date that ${joined.joins!.join(", ")} are together`] : []), ...found.notes];
  await writeFile(out, `${schemaLine}${notes.map((note) => `# ${note}\n`).join("")}${stringify(project)}`).catch((error: NodeJS.ErrnoException) => {
    throw invalid("init.cannot_write", `${out} cannot be written: ${error.code === "ENOENT" ? "its folder is not there" : error.message}`, { file: out });
  });
  for (const note of notes) say(note);
  return {
    data: { file: out, ...project, task: found.task, notes },
    text: `${out} is written: ${found.task} of ${target}. Next: \`millrace run${out === "millrace.yaml" ? "" : ` ${out}`}\``,
  };
};

/** The column to be predicted, as given, asked for or guessed (then with the reason), and the table as it is read for it. */
async function chooseTarget(source: string, given: string | undefined, ask: boolean): Promise<{ inspected: TableSource; target: string; reason?: string }> {
  const inspected = await inspectSource(source, given === undefined ? {} : { target: given });
  const names = inspected.columns.map((column) => column.name);
  if (given !== undefined) {
    if (!names.includes(given)) throw columnNotFound(given, names, "target");
    return { inspected, target: given };
  }
  const guess = suggestTarget(inspected.columns);
  const target = ask
    ? String(await answer(select({ message: `Which column is to be predicted? (${guess.reason})`, initialValue: guess.column, options: names.map((value) => ({ value, label: value })) })))
    : guess.column;
  // A word for missing may be a class of the target, which was not known before.
  const isText = inspected.columns.find(({ name }) => name === target)?.type === "category";
  return { inspected: isText ? await inspectSource(source, { target }) : inspected, target, reason: guess.reason };
}

/** What was decided about reading the cells, as the project file says it. */
function settingsOf({ remarks }: TableSource): Record<string, Record<string, unknown>> {
  const settings: Record<string, Record<string, unknown>> = {};
  for (const { column, setting } of remarks) if (column !== undefined && setting) (settings[setting.name] ??= {})[column] = setting.value;
  return settings;
}

async function answer<T>(prompt: Promise<T | symbol>): Promise<T> {
  const given = await prompt;
  if (!isCancel(given)) return given as T;
  cancel("Nothing was written.");
  throw new MillraceError("init.cancelled", 400, "Cancelled; nothing was written");
}
