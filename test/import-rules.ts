import { posix } from "node:path";

/** Source files by their path below `src/`. */
export type FileMap = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  /** Path below `src/`; a package's name stays as it is written. */
  readonly to: string;
  /** Erased before it runs: `import type`, or a type position. */
  readonly typeOnly: boolean;
}

/** The rooms, in the order of a model's life. */
export const rooms = ["tracking", "data", "training", "evaluation", "registry", "mlflow", "serving", "monitoring", "optimization", "maintenance"] as const;

const foundationFiles = ["checked-file.ts", "errors.ts", "clock.ts", "canonical-json.ts", "config.ts", "events.ts", "log.ts", "process-alive.ts", "stage.ts", "threads.ts"];
const foundationFolders = ["values", "parquet", "storage", "http", "cli", "project", "ui"];

/**
 * What a room shows of itself besides `types.ts` and `<room>.ts`, and why. Steps hand their outputs on as JSON, so a later room
 * needs the type of an earlier step's output; `routes.ts` carries the types of the API for its typed client.
 */
export const faces: Readonly<Record<string, string>> = {
  "tracking/experiments.ts": "experiments, which MLflow's protocol makes, changes and deletes",
  "tracking/edit.ts": "changes of names and tags, as pages ask for them",
  "tracking/runs.ts": "runs that live while they are written",
  "tracking/log-batch.ts": "metrics, params and tags as they come, all or none",
  "tracking/history.ts": "a metric's points",
  "tracking/sums/check-sums.ts": "whether the sums of metric histories say what their points say",
  "tracking/inputs.ts": "datasets and models a run took in and put out",
  "tracking/files.ts": "artifacts by path",
  "tracking/run-details.ts": "a run with everything that hangs on it",
  "tracking/changes.ts": "word to the house of what was written, after its commit",
  "tracking/search.ts": "search over runs and experiments",
  "tracking/logged-models.ts": "models that clients logged, which the registry's versions come from",
  "tracking/traces/types.ts": "the nouns of traces",
  "tracking/traces/log-spans.ts": "spans as they come, all or none",
  "tracking/traces/start-trace.ts": "what a client says of its whole trace",
  "tracking/traces/read-traces.ts": "traces and their spans",
  "tracking/traces/change-trace.ts": "tags of traces, their runs and prompts, deletion",
  "tracking/traces/assessments.ts": "judgements of traces",
  "tracking/traces/search-traces.ts": "search over traces",
  "tracking/traces/trace-filter.ts": "the search language over traces",
  "tracking/traces/trace-metrics.ts": "aggregates over traces, spans and assessments",
  "tracking/traces/trace-tables.ts": "the keys of tags and metadata that filters mean by other names",
  "tracking/traces/span-attributes.ts": "the attributes that say which trace a span belongs to, and more",
  "tracking/traces/attribute-json.ts": "attributes as JSON in which integers and doubles stay what they are",
  "tracking/filter/run-filter.ts": "the search language over runs",
  "tracking/filter/parse-filter.ts": "the search language, for other things that are searched",
  "tracking/filter/order-by.ts": "its orders",
  "tracking/filter/key.ts": "what it compares and sorts by",
  "tracking/filter/compile-filter.ts": "its comparisons as SQL",
  "tracking/open-run.ts": "runs that a training logs to while it goes on",
  "tracking/import-run.ts": "runs of other systems, written whole with their ids and times",
  "tracking/import-experiment.ts": "experiments and logged models of other systems, with theirs",
  "tracking/run-names.ts": "the name of a run that has none, which an import must give as its writer does",
  "data/ingest-step.ts": "the output of data.ingest, which later steps take as input",
  "data/validate-step.ts": "the output of data.validate, which later steps take as input",
  "data/held-table.ts": "a dataset as a table in memory: how every step that computes on rows begins",
  "data/row-numbers.ts": "which rows of a dataset's file a table holds",
  "data/export-rows.ts": "rows of a dataset as a file for other programs",
  "data/column-names.ts": "the refusal of a column that is not there, with the nearest name",
  "data/sources/table-blocks.ts": "a table's file block by block, for whoever scores rows as they stand",
  "data/columns/cell-block.ts": "the cells of such a block",
  "data/read-table.ts": "a dataset's file as a table in memory",
  "data/select-rows.ts": "rows of a table as a table",
  "data/split.ts": "the two ways of holding rows out",
  "data/profile/order-statistics.ts": "quantiles of numbers",
  "data/profile/sort-numbers.ts": "the order of numbers, by their bits",
  "data/profile/duplicate-rows.ts": "which rows are the same row twice: they must not stand on both sides of a split",
  "data/validation/schema.ts": "the schema later versions of a dataset are held to",
  "data/event-time.ts": "when a row happened",
  "training/train-step.ts": "the output of training.train, and the labels of a table as a trainer sees them",
  "training/fit.ts": "making a model of rows, by a trainer or a recipe",
  "training/permuted.ts": "a table with features dealt to other rows, by which monitoring tells their effects",
  "training/recipes/types.ts": "the nouns of recipes",
  "training/recipes/run-recipe.ts": "where a recipe's command runs",
  "training/environments/environment-texts.ts": "the Python that a version was trained in, in words and as a list",
  "training/environments/collect-environments.ts": "environments that no version needs",
  "training/recipes/python/packed-models.ts": "asking models that only Python loads",
  "training/recipes/recipe-key.ts": "who may have commands run",
  "training/model-files.ts": "which files a model has",
  "training/holdout.ts": "which rows a model is judged by: training and evaluation must agree on it",
  "training/onnx/run-graph.ts": "running a graph over a table, for whoever scores one",
  "training/row-blocks.ts": "how many rows a model is asked at once, by which scoring is split over threads",
  "training/trainers.ts": "the list of trainers",
  "training/random.ts": "the seeded stream of random numbers",
  "evaluation/evaluate-step.ts": "the output of evaluation.evaluate",
  "evaluation/gate.ts": "the verdict of the gate, kept with a version",
  "evaluation/metrics.ts": "the metrics' definitions",
  "evaluation/scored.ts": "truth and answers side by side, what the metrics are computed from",
  "evaluation/score.ts": "scoring a table with an ONNX graph",
  "registry/version-files.ts": "a version's files, which serving puts before the gateway",
  "registry/mlmodel.ts": "what an MLmodel says, by which serving knows how a version is run",
  "registry/version-reference.ts": "how people name a version",
  "registry/models.ts": "registered models: made, described, renamed, deleted, restored",
  "registry/versions.ts": "versions: registered, read, moved through stages, deleted",
  "registry/alias-changes.ts": "aliases set and removed by clients, told to the house",
  "registry/aliases.ts": "aliases, and what is held because it is in use",
  "registry/commits.ts": "versions by the commit that they were made by",
  "registry/import-model.ts": "registered models of other systems, with the numbers and times of their versions",
  "registry/search.ts": "search over models and versions",
  "registry/registrations.ts": "what logged models were registered as",
  "registry/webhooks/webhooks.ts": "webhooks: made, changed, read, deleted",
  "registry/webhooks/test-webhook.ts": "an example sent to a webhook, at once",
  "registry/webhooks/secret-key.ts": "the key of their secrets",
  "registry/webhooks/types.ts": "the nouns of webhooks",
  "serving/batch/place-version.ts": "which version is meant by a model's name",
  "serving/place-model.ts": "the files of a version that are kept here",
  "serving/store.ts": "what is deployed, read of a database without a house",
  "serving/gateway-process.ts": "what the gateway of a home says of itself",
  "serving/gateway/config/config-file.ts": "what the gateway was told, checked",
  "serving/gateway/config/config.ts": "its shape",
  "serving/gateway/log/journal-frames.ts": "what of a journal of the prediction log is whole",
  "serving/gateway/log/journal-owner.ts": "whether the gateway of a journal is alive",
  "monitoring/drift/drift-alarm.ts": "a drift alarm in words",
  "monitoring/performance/live-rise.ts": "whether the live loss has risen, and since when",
  "monitoring/performance/sight.ts": "what the alarm can see of a model, and when",
  "monitoring/performance/sight-text.ts": "the same in words",
  "monitoring/labelled-since.ts": "how many rows a champion has not seen",
  "monitoring/error-sums.ts": "the loss live error is judged by",
  "monitoring/prediction-log.ts": "the prediction log joined with labels",
};

/**
 * What rooms use of the gateway's runtimes: a model that only Python loads is tried and judged by the runtime that serves it. They import nothing outside the
 * gateway, as every file of it.
 */
const runtimesThatServe = ["python/python-runtime.ts", "python/clock.ts", "runtime.ts"].map((file) => `serving/gateway/runtimes/${file}`).concat("serving/gateway/tensors/tensor.ts");

/** Server code that a page may run in the browser, and why it is safe there. */
export const browserSafe: Readonly<Record<string, string>> = {
  "http/client.ts": "fetch and nothing else",
  "clock.ts": "pure functions over numbers",
  "tracking/traces/span-attributes.ts": "names of attributes: the same on both sides",
  "tracking/note-tag.ts": "a word: the same on both sides",
  "monitoring/error-sums.ts": "pure functions over sums: the same arithmetic on both sides",
  "monitoring/windows/describe-causes.ts": "why a window changed, in the same words on both sides",
  "optimization/retrainings/outcome-names.ts": "words: the same in the terminal and on the page",
  "cli/plain-text.ts": "a text from a text",
  "monitoring/unreadable-text.ts": "a sentence from its arguments: the same in the terminal and on the page",
  "monitoring/comparison-text.ts": "a sentence from its arguments: the same in the terminal and on the page",
  "monitoring/performance/sight-text.ts": "a sentence from its arguments: the same in the terminal and on the page",
  "monitoring/removal-text.ts": "a sentence from its arguments: the same in the terminal and on the page",
};

const roomOf = (path: string): string | undefined => rooms.find((room) => path.startsWith(`${room}/`));
const isFoundation = (path: string): boolean => foundationFiles.includes(path) || foundationFolders.some((folder) => path.startsWith(`${folder}/`));
const isPage = (path: string): boolean => path.includes("/pages/");
const isTest = (path: string): boolean => /\.test\.tsx?$|-conformance\.ts$|\/(fixtures|conformance)\//.test(path);

/** All imports between files of the map, static, dynamic and of types. */
export function importsOf(files: FileMap): Import[] {
  const found: Import[] = [];
  for (const [from, text] of files) {
    const add = (specifier: string, typeOnly: boolean): void => {
      if (specifier.startsWith(".")) found.push({ from, to: posix.normalize(posix.join(posix.dirname(from), specifier)), typeOnly });
    };
    for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?([^"';]*?)\s*from\s*"([^"]+)"/gm)) {
      const names = /^\{(.*)\}$/s.exec(match[2])?.[1]?.split(",").map((name) => name.trim()).filter((name) => name !== "");
      add(match[3], match[1] !== undefined || (names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type "))));
    }
    for (const match of text.matchAll(/^\s*import\s*"([^"]+)"/gm)) add(match[1], false);
    for (const match of text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)(\.[A-Z])?/g)) add(match[1], match[2] !== undefined);
  }
  return found;
}

/** Every import that breaks the direction of the house, as a sentence that says which rule it breaks. */
export function wrongImports(files: FileMap): string[] {
  const imports = importsOf(files);
  return [...imports.flatMap((one) => broken(one).map((rule) => `${one.from} imports ${one.to}: ${rule}`)), ...cycles(imports)];
}

function broken({ from, to, typeOnly }: Import): string[] {
  const rules: string[] = [];
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  if (to.startsWith("../") && from.includes("/")) {
    if (!["../package.json"].includes(to) && !isTest(from)) rules.push("source imports nothing outside src/");
    return rules;
  }
  if (to === "main.ts") rules.push("nothing imports main.ts");
  if (from.startsWith("serving/gateway/")) {
    if (!to.startsWith("serving/gateway/") && !/^(values|parquet)\//.test(to) && !["errors.ts", "checked-file.ts"].includes(to)) rules.push("the gateway imports nothing outside itself but errors.ts, checked-file.ts, values/ and parquet/");
    return rules;
  }
  const [pure] = /^(values|parquet)\//.exec(from) ?? [];
  if (pure !== undefined) {
    if (!to.startsWith(pure)) rules.push(`${pure} imports nothing: pure functions`);
    return rules;
  }
  if (isPage(from) || from.startsWith("ui/") || from.startsWith("web/")) {
    const browser = isPage(to) || to.startsWith("ui/") || to.startsWith("web/");
    if (!browser && !typeOnly && !(to in browserSafe)) rules.push("pages import types only from server code");
    if (from.startsWith("ui/") && (toRoom !== undefined || to.startsWith("web/"))) rules.push("ui knows no room");
    if (isPage(from) && to.startsWith("web/")) rules.push("web/ lists the pages, not the reverse");
    return rules;
  }
  if (isPage(to) || to.startsWith("web/") || to.startsWith("ui/")) rules.push("server code imports no page");
  if (from in browserSafe && !typeOnly && !(to in browserSafe)) rules.push("what pages may run imports nothing that they may not");
  if (isFoundation(from)) {
    if (!isFoundation(to)) rules.push("a foundation knows no room and nothing that is built on it");
    return rules;
  }
  if (from.startsWith("pipelines/")) {
    if (!isFoundation(to) && !to.startsWith("pipelines/")) rules.push("pipelines imports no room");
    return rules;
  }
  if (fromRoom === undefined) return rules;
  if (toRoom === undefined) {
    if (!isFoundation(to)) rules.push("a room imports foundations and earlier rooms only");
  } else if (toRoom !== fromRoom && !runtimesThatServe.includes(to)) {
    if (rooms.indexOf(toRoom as (typeof rooms)[number]) > rooms.indexOf(fromRoom as (typeof rooms)[number])) rules.push(`${fromRoom} comes before ${toRoom}; what flows backward is an event`);
    else if (![`${toRoom}/types.ts`, `${toRoom}/${toRoom}.ts`].includes(to) && !(to in faces) && !isTest(from)) rules.push(`it is no part of the face of ${toRoom}`);
  }
  return rules;
}

/** Import cycles among imports that are there when the program runs. */
function cycles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, typeOnly } of imports) if (!typeOnly) next.set(from, (next.get(from) ?? new Set()).add(to));
  const found: string[] = [];
  const state = new Map<string, "open" | "closed">();
  const walk = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "closed") return;
    if (state.get(file) === "open") {
      found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
      return;
    }
    state.set(file, "open");
    for (const target of next.get(file) ?? []) walk(target, [...path, file]);
    state.set(file, "closed");
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}

/** Names and sizes that break the house rules. */
export function wrongFiles(files: FileMap): string[] {
  const faults: string[] = [];
  for (const [path, text] of files) {
    if (/(^|\/)(utils?|helpers?|common|misc)(\/|\.tsx?$)/.test(path)) faults.push(`${path}: name it by what it does`);
    if (/(^|\/)index\.tsx?$/.test(path)) faults.push(`${path}: no barrels`);
    if (!/^[a-z0-9./-]+$/.test(path)) faults.push(`${path}: kebab-case`);
    const lines = linesOfCode(text);
    if (lines > 500 && !isTest(path)) faults.push(`${path}: ${lines} lines of code, 500 at most`);
    if (/^export default/m.test(text)) faults.push(`${path}: named exports only`);
  }
  const sizes = [...files].filter(([path]) => !isTest(path)).map(([, text]) => linesOfCode(text)).sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
  if (median >= 100) faults.push(`the median file has ${median} lines of code, 100 are too many`);
  return faults;
}

/** Lines that are neither empty nor comment. */
const linesOfCode = (text: string): number => text.split("\n").filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;

/** Faces nobody uses any more. */
export function unusedFaces(files: FileMap): string[] {
  const used = new Set(importsOf(files).filter(({ from, to }) => roomOf(from) !== roomOf(to) && roomOf(from) !== undefined).map(({ to }) => to));
  return Object.keys(faces).filter((face) => !used.has(face));
}
