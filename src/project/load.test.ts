import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { loadProject, modelName, parseProject } from "./load.ts";
import { completeProject } from "./project.ts";

const least = "data: { source: rides.csv, target: cnt }\n";
const place = { model: "bikes", folder: "/data", source: "/data/rides.csv", code: null };

describe("a fault names file, line, column, field and the nearest right name", () => {
  test.each<[name: string, text: string, at: string, sentence: RegExp, field?: string]>([
    ["nothing", "", "1:1", /the file must be object, got null/, ""],
    ["only a list", "- a\n", "1:1", /the file must be object/, ""],
    ["no data", "model: bikes\n", "1:1", /data is missing/, ""],
    ["no target", "data:\n  source: a.csv\n", "2:3", /data\.target is missing/, "data"],
    ["no YAML", "data: [\n", "2:1", /this is not YAML/],
    ["a doubled key", `${least}model: a\nmodel: b\n`, "3:1", /this is not YAML: Map keys must be unique/],
    ["a tab for indentation", "data:\n\tsource: a.csv\n", "2:1", /this is not YAML/],
    ["two documents", `${least}---\n${least}`, "2:1", /this is not YAML/],
    ["a command and an algorithm", `${least}train:\n  run: python train.py\n  algorithm: linear\n`, "4:3", /train\.run and train\.algorithm are both there/, "train.algorithm"],
    ["what is for a command only", `${least}train:\n  seed: 1\n  format: csv\n`, "4:3", /train\.format is for a command, and there is no train\.run/, "train.format"],
    ["a misspelt section", `${least}evalute: {}\n`, "2:1", /unknown field evalute; did you mean evaluate\?/, "evalute"],
    ["a misspelt field", "data:\n  source: a.csv\n  taget: cnt\n  target: cnt\n", "3:3", /unknown field data\.taget; did you mean target\?/, "data.taget"],
    ["a field nothing is like", `${least}monitor:\n  performance:\n    colour: red\n`, "4:5", /unknown field monitor\.performance\.colour; known here are false_alarms, threshold, slack/, "monitor.performance.colour"],
    ["a misspelt rule", `${least}evaluate:\n  gate:\n    rmse: { maximum: 3 }\n`, "4:13", /unknown field evaluate\.gate\.rmse\.maximum/, "evaluate.gate.rmse.maximum"],
    ["a misspelt choice", `${least}deploy:\n  strategy: cannary\n`, "3:13", /deploy\.strategy must be one of canary, immediate, got "cannary"; did you mean canary\?/, "deploy.strategy"],
    ["a choice in a list", `${least}retrain: { on: [performance, drifd] }\n`, "2:30", /retrain\.on\.1 must be one of performance, drift, data, got "drifd"; did you mean drift\?/, "retrain.on.1"],
    ["a duration without a unit", `${least}monitor:\n  window: "7"\n`, "3:11", /monitor\.window must be a duration: 90s, 6h, 1d, 2w, got "7"/, "monitor.window"],
    ["a duration that is a number", `${least}monitor:\n  window: 7\n`, "3:11", /monitor\.window must be .*, got 7/, "monitor.window"],
    ["a share above one", `${least}deploy: { share: 10 }\n`, "2:18", /deploy\.share must be <= 1, got 10/, "deploy.share"],
    ["a time with a misspelt member", "data:\n  source: a.csv\n  target: cnt\n  time: { colum: dteday }\n", "4:11", /unknown field data\.time\.colum; did you mean column\?/, "data.time.colum"],
    ["a date that is none", "data: { source: a.csv, target: cnt, until: yesterday }\n", "1:44", /data\.until must be a date or time, ISO 8601, got "yesterday"/, "data.until"],
    ["a seed below 0", `${least}train: { seed: -1 }\n`, "2:16", /train\.seed must be >= 0, got -1/, "train.seed"],
    ["a text for a number", `${least}evaluate: { gate: { rmse: { max: low } } }\n`, "2:34", /evaluate\.gate\.rmse\.max must be number, got "low"/, "evaluate.gate.rmse.max"],
    ["a text for a list", "data: { source: a.csv, target: cnt, exclude: casual }\n", "1:46", /data\.exclude must be array, got "casual"/, "data.exclude"],
    ["a name that cannot stand in a URL", `model: bike demand\n${least}`, "1:8", /model must be .*, got "bike demand"/, "model"],
    ["a trigger without a source", `${least}triggers:\n  nightly: { cooldown: 1h }\n`, "3:3", /a trigger has one of cron, .*; triggers\.nightly has none/, "triggers.nightly"],
    ["a trigger with two", `${least}triggers:\n  nightly: { cron: "0 3 * * *", api: {} }\n`, "3:33", /triggers\.nightly has cron and api/, "triggers.nightly.api"],
    ["a trigger's name that stands in no address", `${least}triggers:\n  Every night: { api: {} }\n`, "3:3", /the name of a trigger has small letters, digits and hyphens, up to 50, got "Every night"/, "triggers.Every night"],
    ["a cron expression that is none", `${least}triggers:\n  nightly: { cron: "0 25 * * *" }\n`, "3:14", /triggers\.nightly\.cron: "0 25 \* \* \*" is no cron expression of five parts, .*Invalid value for hour: 25/, "triggers.nightly.cron"],
    ["a time that never comes", `${least}triggers:\n  nightly: { cron: "0 0 30 2 *" }\n`, "3:14", /triggers\.nightly\.cron: "0 0 30 2 \*" names a time that never comes/, "triggers.nightly.cron"],
    ["a zone that is none", `${least}triggers:\n  nightly: { cron: { expression: "0 3 * * *", zone: Berlin } }\n`, "3:14", /"Berlin" is no time zone of the IANA database/, "triggers.nightly.cron"],
    ["a misspelt field of a trigger", `${least}triggers:\n  nightly: { cron: { expression: "0 3 * * *", missd: skip } }\n`, "3:47", /unknown field triggers\.nightly\.cron\.missd; did you mean missed\?/, "triggers.nightly.cron.missd"],
    ["a repository that runs a program", `${least}triggers:\n  main: { git: { repository: "ext::sh -c x" } }\n`, "3:18", /triggers\.main\.git\.repository must be a path or an address, got "ext::sh -c x"/, "triggers.main.git.repository"],
    ["a repository that is an option", `${least}triggers:\n  main: { git: { repository: --upload-pack=x } }\n`, "3:18", /must be a path or an address/, "triggers.main.git.repository"],
    ["a password in an address", `${least}triggers:\n  main: { git: { repository: "https://ada:secret@example.org/x" } }\n`, "3:18", /has a password in it, which has no place in this file/, "triggers.main.git.repository"],
    ["a web hook without a secret", `${least}triggers:\n  main: { git: { webhook: { from: github } } }\n`, "3:18", /has one of secret_env and secret_file/, "triggers.main.git.webhook"],
    ["a secret in the file", `${least}triggers:\n  main: { git: { webhook: { from: github, secret: hush } } }\n`, "3:43", /unknown field triggers\.main\.git\.webhook\.secret/, "triggers.main.git.webhook.secret"],
    ["Gitea without an address", `${least}triggers:\n  main: { git: { status: { to: gitea, repository: a/b, token_env: T } } }\n`, "3:18", /triggers\.main\.git\.status\.api is missing/, "triggers.main.git.status"],
    ["a text for a section", `${least}train: linear\n`, "2:8", /train must be object, got "linear"/, "train"],
  ])("%s", (_, text, at, sentence, field) => {
    const parse = (): unknown => parseProject(text, "millrace.yaml");
    expect(parse).toThrow(sentence);
    expect(parse).toThrow(new RegExp(`^millrace\\.yaml:${at}: `));
    try {
      parse();
    } catch (error) {
      const { status, details } = error as { status: number; details: Record<string, unknown> };
      const [line, column] = at.split(":").map(Number);
      expect(status).toBe(400);
      expect(details).toMatchObject({ file: "millrace.yaml", line, column, ...(field === undefined ? {} : { field }) });
    }
  });

  test("the fault that tells most comes first", () => {
    expect(() => parseProject("data: { source: a.csv, target: cnt }\ntrain: { sed: -1, refit: 7 }\n", "m.yaml")).toThrow("m.yaml:2:10: unknown field train.sed; did you mean seed?");
  });

  test("a file that bites its own tail does not hang", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh".split("").map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[i]}`).join(",")}]`).join("\n")}\n`;
    expect(() => parseProject(bomb, "m.yaml")).toThrow(expect.objectContaining({ name: "MillraceError", status: 400 }) as Error);
  });
});

describe("a project is loaded from its place", () => {
  test("source and model come from the folder, whatever the working directory", async () => {
    const folder = join(await temporaryFolder(), "Bike demand (2011)");
    await mkdir(folder);
    await writeFile(join(folder, "millrace.yaml"), least);
    const project = await loadProject(join(folder, "millrace.yaml"));
    expect(project).toMatchObject({ model: "Bike-demand-2011-", code: null, data: { source: join(folder, "rides.csv"), target: "cnt" } });
  });

  test("a file that is not there, a folder, a file that may not be read", async () => {
    const folder = await temporaryFolder();
    await expect(loadProject(join(folder, "absent.yaml"))).rejects.toMatchObject({ code: "project.file_not_found", status: 404, message: expect.stringContaining("millrace init") as string });
    await expect(loadProject(folder)).rejects.toMatchObject({ code: "project.file_unreadable", status: 400, message: expect.stringContaining("is a folder") as string });
    await writeFile(join(folder, "closed.yaml"), least);
    await chmod(join(folder, "closed.yaml"), 0);
    // The superuser may read everything.
    if (process.getuid?.() !== 0) await expect(loadProject(join(folder, "closed.yaml"))).rejects.toMatchObject({ code: "project.file_unreadable" });
  });

  test.each([["hour", "hour"], ["My table", "My-table"], ["__x", "x"], ["...", "model"], ["日本", "model"], ["a".repeat(200), "a".repeat(100)], ["v1.2_b", "v1.2_b"]])("%j makes the model's name %j", (name, expected) =>
    expect(modelName(name)).toBe(expected));
});

test("every default", () => {
  expect(completeProject(parseProject(least, "m.yaml"), place)).toEqual({
    model: "bikes",
    code: null,
    data: { source: "/data/rides.csv", target: "cnt", task: null, time: null, from: null, until: null, exclude: [], keep: [], reading: {}, split: { by: "random", test: 0.2 } },
    validate: { onAnomaly: "fail", leakage: "exclude" },
    train: { algorithm: "auto", params: {}, seed: 0, refit: true },
    evaluate: { slices: [], gate: {} },
    deploy: { strategy: "canary", share: 0.1, minLabels: 0, maxDuration: 4_838_400_000, alpha: 0.2, settings: {} },
    monitor: {
      window: 86_400_000,
      labelDelay: 86_400_000,
      performance: { falseAlarms: 0.1, threshold: null, slack: 0.05, slip: 0.1, max: null },
      drift: { method: "psi", threshold: 0.2, window: 604_800_000, share: 0.5, exclude: [], minRows: 100, gaps: 0.1, falseAlarms: 0.01 },
    },
    retrain: { on: ["performance", "data"], growth: 0.3, cost: 0.3, budget: 0.25, cooldown: 259_200_000, holdout: null },
  });
});

test("what is given takes the place of its default, in the units of the program", () => {
  const text = `
model: rides
data:
  source: rides.csv
  target: cnt
  task: regression
  time: { column: dteday, hour: hr }
  from: 2011-01-01
  until: 2011-02-26
  exclude: [casual]
  split: { by: random, test: 0.3 }
validate: { on_anomaly: warn, leakage: fail }
train: { algorithm: linear, params: { alpha: 1 }, seed: 7, refit: false }
evaluate: { slices: [season], gate: { rmse: { max: 90, better_than_champion: 0.02 } } }
deploy: { strategy: immediate, share: 25%, min_labels: 5, max_duration: 12h, alpha: 0.05, batching: { max_rows: 64, delay: 2ms, queue_rows: 500, timeout: 5s, weight: 2, merge: false }, log_share: 10%, pinned: true }
monitor: { window: 6h, label_delay: 90s, performance: { false_alarms: 1, threshold: 3, slack: 0, slip: 0.5, max: 110 }, drift: { method: jensen_shannon, threshold: 0.1, window: 1d, share: 0.3, min_rows: 10, gaps: 25%, false_alarms: 5%, exclude: [season] } }
retrain: { on: [drift], growth: 1, cost: 0.2, budget: 0.5, cooldown: 0s, holdout: 2w }
`;
  expect(completeProject(parseProject(text, "m.yaml"), place)).toEqual({
    model: "rides",
    code: null,
    data: { source: "/data/rides.csv", target: "cnt", task: "regression", time: { column: "dteday", hour: "hr" }, from: "2011-01-01", until: "2011-02-26", exclude: ["casual"], keep: [], reading: {}, split: { by: "random", test: 0.3 } },
    validate: { onAnomaly: "warn", leakage: "fail" },
    train: { algorithm: "linear", params: { alpha: 1 }, seed: 7, refit: false },
    evaluate: { slices: ["season"], gate: { rmse: { max: 90, better_than_champion: 0.02 } } },
    deploy: { strategy: "immediate", share: 0.25, minLabels: 5, maxDuration: 43_200_000, alpha: 0.05, settings: { batching: { maxRows: 64, delayMs: 2, queueRows: 500, timeoutMs: 5000, weight: 2, merge: false }, log: { share: 0.1 }, pinned: true } },
    monitor: { window: 21_600_000, labelDelay: 90_000, performance: { falseAlarms: 1, threshold: 3, slack: 0, slip: 0.5, max: 110 }, drift: { method: "jensen_shannon", threshold: 0.1, window: 86_400_000, share: 0.3, exclude: ["season"], minRows: 10, gaps: 0.25, falseAlarms: 0.05 } },
    retrain: { on: ["drift"], growth: 1, cost: 0.2, budget: 0.5, cooldown: 0, holdout: 1_209_600_000 },
  });
});

test("a command takes the place of an algorithm, and its files lie in the project's folder", () => {
  const of = (train: string) => completeProject(parseProject(`${least}train: ${train}\n`, "m.yaml"), place).train;
  expect(of("{ run: python train.py }")).toEqual({ algorithm: "run", command: { run: "python train.py", folder: "/data", files: null, format: "parquet", timeout: null }, params: {}, seed: 0, refit: true });
  expect(of("{ run: Rscript fit.R, files: [fit.R], format: csv, timeout: 90s, params: { trees: 5 } }")).toMatchObject({ command: { files: ["fit.R"], format: "csv", timeout: 90_000 }, params: { trees: 5 } });
});

test("triggers have their names, and their defaults", () => {
  const of = (triggers: string) => completeProject(parseProject(`${least}triggers: ${triggers}\n`, "m.yaml"), place).triggers;
  expect(of('{ nightly: { cron: "0 3 * * *" }, by-hand: { api: {}, debounce: 30s, cooldown: 1h, until: gate } }')).toEqual([
    { name: "nightly", on: { kind: "cron", expression: "0 3 * * *", zone: "UTC", missed: "once", limit: 10 }, debounce: 0, cooldown: 0, until: "deploy" },
    { name: "by-hand", on: { kind: "api" }, debounce: 30_000, cooldown: 3_600_000, until: "gate" },
  ]);
  expect(of("{ main: { git: {} } }")).toMatchObject([{ on: { kind: "git", repository: "/data", branches: ["main", "master"], paths: [], every: 60_000, project: "millrace.yaml", data: "commit", webhook: null, status: null } }]);
  expect(of("{ main: { git: { repository: ../bikes, webhook: { from: gitlab, secret_file: hook.key }, status: { to: github, repository: ada/bikes, token_env: T } } } }")).toMatchObject([
    { on: { repository: "/bikes", every: null, webhook: { from: "gitlab", secret: { file: "/data/hook.key" } }, status: { to: "github", api: "https://api.github.com", token: { env: "T" } } } },
  ]);
  expect(of('{ n: { cron: { expression: "@daily", zone: Europe/Berlin, missed: all, limit: 3 } } }')).toMatchObject([{ on: { kind: "cron", expression: "@daily", zone: "Europe/Berlin", missed: "all", limit: 3 } }]);
});

test("a time column makes the split one by time", () => {
  const project = completeProject(parseProject("data: { source: a.csv, target: y, time: day }\n", "m.yaml"), place);
  expect(project.data).toMatchObject({ time: { column: "day", hour: null }, split: { by: "time" } });
});

test("any choice of valid sections loads, and what is left out has its default", () => {
  const sections: Readonly<Record<string, string>> = {
    model: "rides",
    validate: "{ leakage: ignore }",
    train: "{ seed: 3 }",
    evaluate: "{ slices: [a, b] }",
    deploy: "{ share: 0.5 }",
    monitor: "{ window: 2h, drift: { min_rows: 5 } }",
    retrain: "{ on: [] }",
  };
  const whole = completeProject(parseProject(least + Object.entries(sections).map(([name, text]) => `${name}: ${text}\n`).join(""), "m.yaml"), place);
  const bare = completeProject(parseProject(least, "m.yaml"), place);
  // Three windows, whatever a window is.
  const retrain = (names: readonly string[]) => ({ ...(names.includes("retrain") ? whole : bare).retrain, cooldown: (names.includes("monitor") ? whole : bare).retrain.cooldown });
  fc.assert(
    fc.property(fc.shuffledSubarray(Object.keys(sections)), fc.boolean(), (names, dataFirst) => {
      const chosen = names.map((name) => `${name}: ${sections[name]}\n`).join("");
      const project = completeProject(parseProject(dataFirst ? least + chosen : chosen + least, "m.yaml"), place);
      for (const name of Object.keys(sections) as (keyof typeof project)[]) expect(project[name]).toEqual(name === "retrain" ? retrain(names) : (names.includes(name) ? whole : bare)[name]);
      expect(JSON.parse(JSON.stringify(project))).toEqual(project);
    }),
  );
});
