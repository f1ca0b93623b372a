import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandNames, topCommands } from "../src/commands.ts";
import type { Command } from "../src/cli/command.ts";
import { formatDuration } from "../src/clock.ts";
import { completeProject } from "../src/project/project.ts";
import { ProjectSchema } from "../src/project/schema.ts";
import { stages } from "../src/stages.ts";

/**
 * The parts of the manual that say what the code says, made from the code: `npm run docs` writes them, and `test/docs.test.ts` fails
 * when they are out of date. In a page they stand between `<!-- generated -->` and `<!-- end of generated -->`.
 */
const root = fileURLToPath(new URL("..", import.meta.url));

/** Every file that is generated, wholly or in part: path → its text as it should be. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const page = async (path: string, made: string): Promise<[string, string]> => {
    const text = await readFile(join(root, path), "utf8");
    return [path, text.replace(/(<!-- generated -->\n)[^]*(<!-- end of generated -->)/, (_, begin: string, end: string) => `${begin}\n${made.trim()}\n\n${end}`)];
  };
  return new Map([
    await page("docs/cli.md", commands()),
    await page("docs/http-api.md", routes()),
    await page("docs/errors.md", await errorCodes()),
    await page("docs/project-file.md", fields(ProjectSchema)),
    ["schema/millrace.schema.json", `${JSON.stringify(ProjectSchema, null, 2)}\n`],
  ]);
}

function commands(): string {
  const one = (prefix: string, command: Command): string => {
    const usage = [prefix, command.name, ...Object.keys(command.arguments ?? {})].join(" ");
    const inputs = [...Object.entries(command.arguments ?? {}), ...Object.entries(command.options ?? {})];
    const rows = inputs.map(([flag, option]) => {
      const { description, default: fallback } = typeof option === "string" ? { description: option, default: undefined } : option;
      return `| \`${flag}\` | ${cell(description)}${fallback === undefined ? "" : ` (default ${String(fallback)})`} |`;
    });
    return [`### ${usage}`, "", `${command.summary}.`, "", ...(rows.length > 0 ? ["| | |", "|---|---|", ...rows, ""] : []), `Example: \`${command.example}\``, ""].join("\n");
  };
  const rooms = commandNames(stages).filter((room) => room.commands?.length);
  return [
    "## Commands of the house",
    "",
    ...topCommands("millrace").map((command) => one("millrace", command)),
    ...rooms.flatMap((room) => [`## millrace ${room.name}`, "", `${room.purpose}.`, "", ...room.commands!.map((command) => one(`millrace ${room.name}`, command))]),
  ].join("\n");
}

function routes(): string {
  return stages
    .filter((stage) => Object.keys(stage.routes ?? {}).length > 0)
    .flatMap((stage) => [
      `## ${stage.name}`,
      "",
      "| Route | What it does |",
      "|---|---|",
      ...Object.entries(stage.routes!).map(([key, { summary }]) => {
        const [method, path] = key.split(" ") as [string, string];
        return `| \`${method} /api/${stage.name}${path}\` | ${cell(summary)} |`;
      }),
      "",
    ])
    .join("\n");
}

/** Statuses by the function that makes the error. */
const statuses: Readonly<Record<string, string>> = { invalid: "400", notFound: "404", conflict: "409" };

/** Every error code that is thrown in `src`, with the first sentence it is thrown with. */
async function errorCodes(): Promise<string> {
  const found = new Map<string, { status: string; says: string }>();
  for (const entry of await readdir(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.test)\.tsx?$/.test(entry.name) || entry.parentPath.includes("fixtures")) continue;
    const source = await readFile(join(entry.parentPath, entry.name), "utf8");
    for (const [, maker, code, status, says] of source.matchAll(thrown)) {
      const known = found.get(code);
      if (!known?.says) found.set(code, { status: statuses[maker] ?? status ?? "", says: says === undefined ? "" : plain(says) });
    }
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return ["| Code | Status | Says |", "|---|---|---|", ...sorted.map(([code, { status, says }]) => `| \`${code}\` | ${status} | ${cell(says)} |`)].join("\n");
}

const thrown = /\b(invalid|notFound|conflict|MillraceError)\(\s*"([a-z]+\.[a-z_]+)"(?:,\s*(\d{3}))?(?:,\s*(`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"))?/g;

/** The text of a string literal, with an ellipsis for each value put in. */
function plain(literal: string): string {
  let text = literal.slice(1, -1).replaceAll("\\`", "'").replaceAll('\\"', '"');
  for (let inner = ""; inner !== text; ) [inner, text] = [text, text.replaceAll(/\$\{[^{}]*\}/g, "…").replaceAll(/\{[^{}]*\}(?=[^{}]*\})/g, "")];
  return text.replaceAll(/\$\{.*/g, "…");
}

interface FieldSchema {
  readonly type?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

/** What the schema says of types only (durations, shares), said in full. */
const meanings: Readonly<Record<string, string>> = {
  data: "The table",
  "data.time.column": "The column that says when a row happened",
  "data.from": "Only rows from this date or time on",
  "data.until": "Only rows before this date or time; a replay plays the later ones",
  "data.split": "How rows are held out for the evaluation",
  "train.timeout": "With run: how long the command may take before it is ended; as long as it takes when absent",
  "deploy.share": "The challenger's share of the traffic in a canary: 0.1 or 10%",
  "deploy.batching.delay": "How long a batch that is not full waits for more; measured when absent",
  "deploy.batching.timeout": "How long a request may wait before it is refused with 504; the gateway's own is 60s",
  "deploy.log_share": "Share of the answered requests that are logged, by their id; all when never set. Failures always are",
  "deploy.max_duration": "After this time (and the label delay) a canary is decided by what is believed then",
  "monitor.window": "Length of a window of live error",
  "monitor.label_delay": "How long after a prediction its label arrives",
  "monitor.drift.method": "How the distance between live and training values is measured",
  "monitor.drift.window": "Length of a drift window",
  "monitor.drift.share": "Share of the features that must have drifted for an alarm",
  "retrain.cooldown": "The least time between two retrainings that no alarm on the error asked for; three windows when absent",
  "retrain.holdout": "How old the labelled rows may be on which challengers and champion are compared; as old as they are when absent",
};

function fields(schema: object): string {
  const project = completeProject({ data: { source: "", target: "" } }, { model: "", folder: "", source: "", code: null });
  const fallback = (path: string, field: FieldSchema): string => {
    const words = path.split(".").map((part) => part.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
    const value = words.reduce<unknown>((at, word) => (at as Record<string, unknown> | null | undefined)?.[word], project);
    if (value === undefined || value === null || value === "" || (typeof value === "object" && !(Array.isArray(value) && value.length > 0))) return "";
    if (typeof value === "number" && field.pattern?.includes("ms|s|m|h|d|w")) return `\`${formatDuration(value).replace(" 0 h", "").replaceAll(" ", "")}\``;
    return `\`${Array.isArray(value) ? `[${value.join(", ")}]` : JSON.stringify(value).replaceAll('"', "")}\``;
  };
  const rows = (at: string, { properties, required }: FieldSchema): string[] =>
    Object.entries(properties ?? {}).flatMap(([name, field]) => {
      const path = `${at}${name}`;
      const by = path === "data.split.by" ? "" : fallback(path, field);
      const own = `| \`${path}\` | ${kind(field)} | ${required?.includes(name) ? "**required**" : by} | ${cell(meanings[path] ?? field.description ?? "")} |`;
      const objects = [field, ...(field.anyOf ?? [])].flatMap((one) => rows(`${path}.`, one));
      const keyed = Object.values(field.patternProperties ?? {}).flatMap((one) => rows(`${path}.<name>.`, one));
      return [own, ...objects, ...keyed];
    });
  return ["| Field | Type | Default | Meaning |", "|---|---|---|---|", ...rows("", schema)].join("\n");
}

const kind = (field: FieldSchema): string =>
  field.enum?.map((value) => `\`${value}\``).join(" or ") ??
  (field.anyOf ? [...new Set(field.anyOf.map(kind))].join(" or ") : field.items ? `list of ${kind(field.items)}` : field.properties ? "fields below" : field.patternProperties ? "names with values" : (field.type ?? "any"));

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");

if (import.meta.main) {
  for (const [path, text] of await generatedFiles()) await writeFile(join(root, path), text);
}
