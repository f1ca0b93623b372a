import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cancel, confirm, isCancel, select, text } from "@clack/prompts";
import { stringify } from "yaml";
import type { Command } from "../cli/command.ts";
import { columnNotFound } from "../data/column-names.ts";
import { ingest } from "../data/sources/ingest.ts";
import { findLeakage } from "../data/leakage/leakage.ts";
import { profileTable } from "../data/profile/profile.ts";
import { readTable } from "../data/read-table.ts";
import { inspectSource } from "../data/sources/source.ts";
import { inferTask, suggestTarget, suggestTimeColumn } from "../data/suggest.ts";
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
  const inspected = await inspectSource(source);
  const names = inspected.columns.map((column) => column.name);
  const guess = suggestTarget(inspected.columns);
  const given = options["target"] as string | undefined;
  if (given !== undefined && !names.includes(given)) throw columnNotFound(given, names, "target");
  const target =
    given ??
    (ask
      ? String(await answer(select({ message: `Which column is to be predicted? (${guess.reason})`, initialValue: guess.column, options: names.map((value) => ({ value, label: value })) })))
      : guess.column);
  const found = await lookInto(source, target);
  const project = {
    model: modelName(basename(source, extname(source))),
    data: {
      source: relative(resolve(out, ".."), resolve(source)) || basename(source),
      target,
      ...(found.time === null ? {} : { time: found.time }),
      ...(found.exclude.length > 0 ? { exclude: found.exclude } : {}),
    },
    train: { algorithm: "gradient-boosting" },
  };
  const schemaLine = `# yaml-language-server: $schema=${fileURLToPath(new URL("../../schema/millrace.schema.json", import.meta.url))}\n`;
  const notes = [...(given === undefined ? [`target ${target}: ${guess.reason}`] : []), ...found.notes];
  await writeFile(out, `${schemaLine}${notes.map((note) => `# ${note}\n`).join("")}${stringify(project)}`).catch((error: NodeJS.ErrnoException) => {
    throw invalid("init.cannot_write", `${out} cannot be written: ${error.code === "ENOENT" ? "its folder is not there" : error.message}`, { file: out });
  });
  for (const note of notes) say(note);
  return {
    data: { file: out, ...project, task: found.task, notes },
    text: `${out} is written: ${found.task} of ${target}. Next: \`millrace run${out === "millrace.yaml" ? "" : ` ${out}`}\``,
  };
};

interface Findings {
  readonly task: string;
  readonly time: string | null;
  readonly exclude: readonly string[];
  readonly notes: readonly string[];
}

/** What the table says of itself: the kind of target, the time column, and the columns to leave out, each with its reason. */
async function lookInto(source: string, target: string): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-init-"));
  try {
    const { path, columns } = await ingest({ source, into: join(folder, "table.parquet") });
    const profile = await profileTable(path, { target });
    const { task, reason } = inferTask(profile.columns.find((column) => column.name === target)!);
    const table = await readTable(path);
    const time = suggestTimeColumn(table, columns);
    const timestamps = columns.filter((column) => column.type === "timestamp").map((column) => column.name);
    const findings = findLeakage(table, { target, task, timestamps: [...new Set([...timestamps, ...(time ? [time.column] : [])])] });
    const left = findings.filter((finding) => finding.kind === "leak" || finding.kind === "identifier" || finding.kind === "empty");
    return {
      task,
      time: time?.column ?? null,
      exclude: [...new Set(left.flatMap((finding) => finding.columns))],
      notes: [`${task}: ${reason}`, ...(time ? [`time ${time.column}: ${time.reason}`] : []), ...left.map((finding) => `left out ${finding.columns.join(", ")}: ${finding.evidence}`)],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function answer<T>(prompt: Promise<T | symbol>): Promise<T> {
  const given = await prompt;
  if (!isCancel(given)) return given as T;
  cancel("Nothing was written.");
  throw new MillraceError("init.cancelled", 400, "Cancelled; nothing was written");
}
