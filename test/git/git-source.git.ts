import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fireTrigger } from "../../src/pipelines/triggers/change-triggers.ts";
import { openTriggered, projectOf } from "../../src/pipelines/triggers/fixtures/open-triggered.ts";
import { openRepository, projectText, type GitRepository } from "../../src/pipelines/triggers/fixtures/git-repository.ts";
import { checkOut, readHeads } from "../../src/pipelines/triggers/git/repository.ts";
import { runGit } from "../../src/pipelines/triggers/git/run-git.ts";

const minute = 60_000;
const asked = { actor: "ada", reason: undefined, key: undefined, atOnce: false };

async function watched(more = "", files?: Readonly<Record<string, string>>) {
  const repository = await openRepository(files);
  const opened = await openTriggered();
  await opened.set(projectOf(`main: { git: { repository: ${repository.path}${more} } }`));
  await opened.look();
  /** What the last run of the trigger was given. */
  const ran = async () => {
    const [{ runId }] = await opened.firings();
    return (await opened.house.pipelines.read(runId!)).spec;
  };
  const settled = async (ms = minute): Promise<void> => {
    await opened.after(ms);
    await opened.settle();
  };
  return { ...opened, repository, ran, settled, checkouts: join(opened.folder, "checkouts") };
}

describe("a branch that moved", () => {
  test("its commit is checked out and run, by its own project; nothing before, and nothing twice", async () => {
    const { repository, settled, firings, ran } = await watched();
    await settled();
    expect(await firings()).toEqual([]);
    const commit = repository.commit("deeper trees", { "millrace.yaml": projectText("train: { seed: 0, params: { depth: 7 } }\n") });
    await settled();
    await settled();
    const [firing, ...more] = await firings();
    expect(more).toEqual([]);
    expect(firing).toMatchObject({ cause: "git", state: "succeeded", details: { branch: "main", commit, subject: "deeper trees", author: "Ada" } });
    expect(await ran()).toMatchObject({ trigger: `git: main, main at ${commit.slice(0, 7)}, deeper trees`, steps: [{ params: { code: commit } }] });
  });

  test("other branches do not count, patterns do; a new branch that is meant does", async () => {
    const { repository, settled, firings } = await watched(", branches: ['release/*']");
    repository.commit("on main", { "a.txt": "1" });
    repository.git("switch", "--quiet", "--create", "release/1");
    const commit = repository.commit("on release", { "a.txt": "2" });
    repository.git("branch", "feature");
    await settled();
    expect(await firings()).toMatchObject([{ state: "succeeded", why: `release/1 moved to ${commit.slice(0, 7)}, which is new`, details: { branch: "release/1", commit } }]);
  });

  test("with paths, only a change of one of them counts, over all commits since the last look", async () => {
    const { repository, settled, firings } = await watched(", paths: [train.py, 'data/**']");
    const unmeant = repository.commit("words", { "README.md": "more" });
    await settled();
    expect(await firings()).toMatchObject([{ state: "skipped", runId: null, reason: expect.stringMatching(new RegExp(`^none of the paths train.py, data/\\*\\* changed between .{7} and ${unmeant.slice(0, 7)} \\(1 others did\\)$`)) as string }]);
    repository.commit("training", { "train.py": "print(1)\n" });
    repository.commit("words again", { "README.md": "and more" });
    await settled();
    expect((await firings())[0]).toMatchObject({ state: "succeeded", details: { subject: "words again" } });
  });

  test("what moves on while a firing waits is what runs, once", async () => {
    const { repository, firings, after, settle, set } = await watched();
    await set(projectOf(`main: { git: { repository: ${repository.path} }, debounce: 10m }`));
    repository.commit("one", { "a.txt": "1" });
    await after(minute);
    repository.commit("two", { "a.txt": "2" });
    await after(minute);
    const last = repository.commit("three, which no look has seen", { "a.txt": "3" });
    await after(9.5 * minute);
    await after(0.5 * minute);
    await after(10 * minute);
    await after(minute);
    await settle();
    await after(12 * minute);
    await settle();
    const log = await firings();
    expect(log.filter(({ runId }) => runId !== null)).toMatchObject([{ state: "succeeded", details: { commit: last } }]);
    expect(log.filter(({ state }) => state === "skipped").map(({ reason }) => reason)).toContainEqual(expect.stringContaining("it joined"));
  });

  test("a branch that goes back to a commit that has run is not run again, unless somebody asks", async () => {
    const { repository, settled, firings, house, look, settle } = await watched();
    const first = repository.commit("one", { "a.txt": "1" });
    await settled();
    repository.commit("two", { "a.txt": "2" });
    await settled();
    repository.git("reset", "--quiet", "--hard", first);
    await settled();
    expect((await firings())[0]).toMatchObject({ state: "skipped", reason: expect.stringContaining(`main stands at ${first.slice(0, 7)}, which has run as`) as string });
    await fireTrigger(house, "main", asked);
    await look();
    await settle();
    expect((await firings()).find(({ cause }) => cause === "asked")).toMatchObject({ state: "succeeded", details: { commit: first, branch: "main" } });
  });
});

describe("what is wrong is said, and nothing is half done", () => {
  test.each<[name: string, change: (repository: GitRepository) => void, reason: RegExp]>([
    ["a project that is none", (repository) => void repository.commit("typo", { "millrace.yaml": "model: bikes\ndata: { source: rides.csv, taget: cnt }\n" }), /^[0-9a-f]{7}:millrace\.yaml:2:28: unknown field data\.taget; did you mean target\?$/],
    ["no project", (repository) => void [repository.git("rm", "--quiet", "millrace.yaml"), repository.commit("gone", {})], /There is no project file [0-9a-f]{7}:millrace\.yaml/],
    ["a project of another model", (repository) => void repository.commit("other", { "millrace.yaml": projectText().replace("bikes", "trains") }), /^[0-9a-f]{7}:millrace\.yaml is of the model trains, and the trigger is of bikes$/],
    ["a table that is not committed", (repository) => void [repository.git("rm", "--quiet", "rides.csv"), repository.commit("no table", {})], /^The table rides\.csv is not in the commit [0-9a-f]{7}; with git\.data: here/],
  ])("%s", async (_, change, reason) => {
    const { repository, settled, firings, checkouts, db } = await watched();
    change(repository);
    repository.commit("wrong", {});
    await settled();
    expect(await firings()).toMatchObject([{ state: "failed", runId: null, reason: expect.stringMatching(reason) as string }]);
    expect(await db.withTables<{ pipeline_runs: { id: string } }>().selectFrom("pipeline_runs").select("id").execute()).toEqual([]);
    await settled();
    // A project that is right again runs, and what was left of the wrong one goes with it.
    repository.git("checkout", "--quiet", "main~2", "--", ".");
    repository.commit("right", {});
    await settled();
    expect((await firings())[0]).toMatchObject({ state: "succeeded" });
    expect(await readdir(checkouts)).toEqual([(await firings())[0].id]);
  });

  test("a repository that is gone: at the set, at a look, when its firing begins", async () => {
    const { repository, settled, firings, trigger, set, after, settle } = await watched();
    await rename(repository.path, `${repository.path}.away`);
    await settled();
    expect((await trigger("bikes.main"))!.problem).toMatchObject({ code: "pipelines.repository_gone", message: `The repository ${repository.path} is not there` });
    await expect(set(projectOf(`other: { git: { repository: ${repository.path} } }`))).rejects.toMatchObject({ code: "pipelines.repository_gone" });
    await mkdir(repository.path);
    await settled();
    expect((await trigger("bikes.main"))!.problem).toMatchObject({ code: "pipelines.git_failed", message: expect.stringContaining("fatal:") as string });
    await rm(repository.path, { recursive: true });
    await rename(`${repository.path}.away`, repository.path);
    await settled();
    expect((await trigger("bikes.main"))!.problem).toBeNull();
    await set(projectOf(`main: { git: { repository: ${repository.path} }, debounce: 1m }`));
    repository.commit("one", { "a.txt": "1" });
    await after(minute);
    await rm(repository.path, { recursive: true });
    await after(minute);
    await settle();
    expect(await firings()).toMatchObject([{ state: "failed", runId: null, reason: `The repository ${repository.path} is not there` }]);
  });

  test("a branch that was deleted meanwhile fires nothing", async () => {
    const { repository, firings, after, set } = await watched();
    await set(projectOf(`main: { git: { repository: ${repository.path}, branches: [side] }, debounce: 1m }`));
    repository.git("branch", "side");
    await after(minute);
    repository.git("branch", "--delete", "--force", "side");
    await after(minute);
    expect(await firings()).toMatchObject([{ state: "skipped", reason: "the branch side is gone" }]);
  });

  test("a machine without Git says so", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/absent";
    try {
      await expect(runGit(["version"])).rejects.toMatchObject({ code: "pipelines.no_git", message: expect.stringContaining("no program `git`") as string });
    } finally {
      process.env["PATH"] = path;
    }
  });
});

test("git.data: here trains on the table of the project that set the trigger", async () => {
  const { repository, settled, house } = await watched(", data: here");
  let project: unknown;
  const { name, purpose, allow, make } = house.definitions.get("optimization.train")!;
  (house.definitions as Map<string, unknown>).set(name, { name, purpose, allow, make: (...args: Parameters<typeof make>) => ((project = args[1]["project"]), make(...args)) });
  repository.git("rm", "--quiet", "rides.csv");
  const code = repository.commit("no table", {});
  await settled();
  expect(project).toMatchObject({ code, data: { source: "/data/rides.csv" } });
});

describe("a checkout", () => {
  test("is whole or not there, runs no hooks, follows no submodules, and done again finds what is there", async () => {
    const [repository, inner, { folder }] = [await openRepository(), await openRepository(), await openTriggered()];
    const hooks = join(folder, "hooks");
    await mkdir(hooks);
    await writeFile(join(hooks, "post-checkout"), `#!/bin/sh\ntouch ${folder}/hooked\n`);
    await chmod(join(hooks, "post-checkout"), 0o755);
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "inner");
    const commit = repository.commit("with a submodule", {});
    const template = process.env["GIT_TEMPLATE_DIR"];
    await mkdir(join(folder, "template"));
    await rename(hooks, join(folder, "template", "hooks"));
    process.env["GIT_TEMPLATE_DIR"] = join(folder, "template");
    try {
      const target = join(folder, "checkouts", "f1");
      // What a process that was killed left.
      await mkdir(`${target}.part`, { recursive: true });
      await writeFile(join(`${target}.part`, "half"), "");
      const wanted = { repository: repository.path, branch: "main", commit, before: null, paths: [] };
      expect(await checkOut(target, wanted)).toEqual({ folder: target, subject: "with a submodule", author: "Ada" });
      expect(await checkOut(target, wanted)).toEqual({ folder: target, subject: "with a submodule", author: "Ada" });
      expect([existsSync(join(target, "half")), existsSync(`${target}.part`), existsSync(join(folder, "hooked"))]).toEqual([false, false, false]);
      expect(await readFile(join(target, "rides.csv"), "utf8")).toContain("cnt");
      expect(await readdir(join(target, "inner"))).toEqual([]);
      await expect(checkOut(join(folder, "checkouts", "f2"), { ...wanted, commit: "0123456789012345678901234567890123456789" })).rejects.toMatchObject({ code: "pipelines.git_failed" });
      expect(await readdir(join(folder, "checkouts"))).toEqual(["f1"]);
    } finally {
      if (template === undefined) delete process.env["GIT_TEMPLATE_DIR"];
      else process.env["GIT_TEMPLATE_DIR"] = template;
    }
  });

  test("is broken off with its process, and the firing waits on", async () => {
    const { repository, after, firings, house, set } = await watched();
    const { openTriggers } = await import("../../src/pipelines/triggers/watch-triggers.ts");
    await set(projectOf(`main: { git: { repository: ${repository.path} } }`));
    repository.commit("one", { "a.txt": "1" });
    const watch = openTriggers(house);
    const looking = watch.look();
    await watch.stop();
    await looking;
    await after(minute);
    expect((await firings())[0]).toMatchObject({ state: expect.stringMatching(/running|succeeded/) as string });
  });

  test("addresses run no programs of their choice, and ask for no password", async () => {
    const marker = join((await openTriggered()).folder, "ran");
    await expect(readHeads(`ext::sh -c 'touch ${marker}'`)).rejects.toMatchObject({ code: "pipelines.git_failed" });
    expect(existsSync(marker)).toBe(false);
  });
});
