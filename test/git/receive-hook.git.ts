import { createHmac } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listen, openServer } from "../../src/http/server.ts";
import { pipelines } from "../../src/pipelines/stage.ts";
import { pauseTrigger } from "../../src/pipelines/triggers/change-triggers.ts";
import { openRepository } from "../../src/pipelines/triggers/fixtures/git-repository.ts";
import { dawn, openTriggered, projectOf } from "../../src/pipelines/triggers/fixtures/open-triggered.ts";

const secret = "It's a Secret to Everybody";
const zeros = "0".repeat(40);
type Host = "github" | "gitlab" | "gitea";

/** A push as each host sends it, with what a trigger does not look at left out. */
const push = (branch: string, before: string, after: string) => ({ ref: `refs/heads/${branch}`, before, after, repository: { full_name: "ada/bikes" }, commits: [{ id: after, modified: ["train.py"] }] });
const hex = (body: string, key = secret): string => createHmac("sha256", key).update(body).digest("hex");

const signedBy: Readonly<Record<Host, (body: string, event: string, key?: string) => Record<string, string>>> = {
  github: (body, event, key) => ({ "x-github-event": event, "x-github-delivery": "72d3162e", "x-hub-signature-256": `sha256=${hex(body, key)}` }),
  gitea: (body, event, key) => ({ "x-gitea-event": event, "x-gitea-delivery": "f6266f16", "x-gitea-signature": hex(body, key), "x-github-event": event }),
  gitlab: (_body, event, key) => ({ "x-gitlab-event": event === "push" ? "Push Hook" : "Tag Push Hook", "x-gitlab-token": key ?? secret }),
};

async function hooked(from: Host = "github", more = "") {
  const repository = await openRepository();
  const opened = await openTriggered();
  const file = join(opened.folder, "secret");
  await writeFile(file, `${secret}\n`);
  await opened.set(projectOf(`main: { git: { repository: ${repository.path}, webhook: { from: ${from}, secret_file: ${file} }${more} } }\nby-hand: { api: {} }`));
  const server = await openServer(opened.house, [pipelines], "/absent");
  onTestFinished(() => server.close());
  const url = await listen(server, "127.0.0.1", 0);
  const post = async (body: string, headers: Record<string, string>, trigger = "bikes.main") => {
    const response = await fetch(`${url}/api/pipelines/triggers/${trigger}/webhook`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
    return { status: response.status, answer: (await response.json()) as { firing?: string | null; message?: string; error?: { code: string; message: string } } };
  };
  const tell = (content: object, { event = "push", key }: { event?: string; key?: string } = {}) => {
    const body = JSON.stringify(from === "gitlab" ? { object_kind: event, ...content } : content);
    return post(body, signedBy[from](body, event, key));
  };
  return { ...opened, repository, file, post, tell };
}

test.each<Host>(["github", "gitlab", "gitea"])("a signed push of %s runs its commit, once, however often it is sent", async (from) => {
  const { repository, tell, look, settle, firings } = await hooked(from);
  const before = repository.git("rev-parse", "HEAD");
  const commit = repository.commit("deeper", { "train.py": "print(1)\n" });
  const { status, answer } = await tell(push("main", before, commit));
  expect({ status, answer }).toEqual({ status: 202, answer: { trigger: "bikes.main", firing: expect.any(String) as string, message: `It fires as ${answer.firing}` } });
  await look();
  await settle();
  expect(await tell(push("main", before, commit))).toMatchObject({ status: 200, answer: { firing: null, message: `main is known to stand at ${commit.slice(0, 7)}` } });
  await look();
  expect(await firings()).toMatchObject([{ id: answer.firing, state: "succeeded", cause: "git", details: { commit, branch: "main", subject: "deeper" } }]);
});

test("a push as a form, as GitHub sends it when asked to", async () => {
  const { repository, post, look, settle, firings } = await hooked();
  const commit = repository.commit("deeper", { "train.py": "print(1)\n" });
  const body = new URLSearchParams({ payload: JSON.stringify(push("main", zeros, commit)) }).toString();
  expect(await post(body, { ...signedBy.github(body, "push"), "content-type": "application/x-www-form-urlencoded" })).toMatchObject({ status: 202 });
  await look();
  await settle();
  expect(await firings()).toMatchObject([{ state: "succeeded", details: { commit } }]);
});

test("a push that was acknowledged fires with the next process where this one ends", async () => {
  const { repository, tell, folder, close } = await hooked();
  const commit = repository.commit("deeper", {});
  const { answer } = await tell(push("main", zeros, commit));
  await close();
  const next = await openTriggered({ folder, start: dawn + 1000 });
  await next.look();
  await next.settle();
  await next.settle();
  expect(await next.firings()).toMatchObject([{ id: answer.firing, state: "succeeded", details: { commit } }]);
});

test("without a signature, or with a wrong one, nothing is taken; the log says so once a minute", async () => {
  const { repository, post, tell, firings, look, after, trigger } = await hooked();
  const before = await trigger("bikes.main");
  const body = JSON.stringify(push("main", zeros, repository.commit("evil", {})));
  const refused = { status: 401, answer: { error: { code: "pipelines.hook_refused" } } };
  expect(await post(body, { "x-github-event": "push" })).toMatchObject(refused);
  expect(await tell(JSON.parse(body) as object, { key: "other" })).toMatchObject(refused);
  expect(await post(body, signedBy.github(`${body} `, "push"))).toMatchObject(refused);
  expect(await post(body, signedBy.gitea(body, "push"))).toMatchObject(refused);
  expect(await post("", { "x-github-event": "push" })).toMatchObject(refused);
  await look();
  expect(await firings()).toMatchObject([{ state: "skipped", runId: null, why: "a message came to the web hook for github", reason: expect.stringContaining("no header x-hub-signature-256") as string }]);
  expect(await trigger("bikes.main")).toEqual(before);
  await after(60_000);
  await tell(JSON.parse(body) as object, { key: "other" });
  expect(await firings()).toHaveLength(2);
});

test("an old message that is sent again runs nothing old", async () => {
  const { repository, tell, after, look, settle, firings } = await hooked();
  const [first, second] = [repository.commit("one", {}), repository.commit("two", {})];
  await tell(push("main", first, second));
  await look();
  await settle();
  await after(1000);
  expect(await tell(push("main", zeros, first))).toMatchObject({ status: 202 });
  await look();
  expect((await firings())[0]).toMatchObject({ state: "skipped", runId: null, reason: expect.stringContaining(`main stands at ${second.slice(0, 7)}, which has run as`) as string });
});

test.each<[name: string, content: object, event: string, message: RegExp, logged: boolean]>([
  ["a ping", { zen: "Keep it logically awesome." }, "ping", /a ping: the web hook is set up/, false],
  ["another event", { action: "opened" }, "issues", /only pushes concern a trigger/, false],
  ["a tag", { ...push("x", zeros, "1".repeat(40)), ref: "refs/tags/v1" }, "push", /refs\/tags\/v1, which is no branch/, false],
  ["a branch that was deleted", push("main", "1".repeat(40), zeros), "push", /the branch main was deleted/, false],
  ["another branch", push("feature", zeros, "1".repeat(40)), "push", /feature is none of the branches main, master/, true],
])("%s fires nothing, and the answer says why", async (_, content, event, message, logged) => {
  const { tell, firings } = await hooked();
  expect(await tell(content, { event })).toMatchObject({ status: 200, answer: { firing: null, message: expect.stringMatching(message) as string } });
  expect(await firings()).toMatchObject(logged ? [{ state: "skipped", reason: expect.stringMatching(message) as string }] : []);
});

test("what is signed and cannot be read is refused, and so is what is too large, and what comes to no web hook", async () => {
  const { post, tell, file, house } = await hooked();
  const signed = (body: string, headers: object = {}) => post(body, { ...signedBy.github(body, "push"), ...headers });
  expect(await signed("{")).toMatchObject({ status: 400, answer: { error: { code: "pipelines.hook_unreadable", message: expect.stringContaining("no JSON") as string } } });
  expect(await signed("[]")).toMatchObject({ status: 400, answer: { error: { message: "Its body is no JSON object" } } });
  expect(await tell({ ref: "refs/heads/main", after: "--upload-pack=x" })).toMatchObject({ status: 400, answer: { error: { message: expect.stringContaining("a commit") as string } } });
  expect(await tell({})).toMatchObject({ status: 400 });
  const large = " ".repeat((25 << 20) + 1);
  expect(await post(large, {})).toMatchObject({ status: 413 });
  expect(await tell(push("main", zeros, "1".repeat(40)))).toMatchObject({ status: 202 });
  const body = "{}";
  expect(await post(body, signedBy.github(body, "push"), "bikes.by-hand")).toMatchObject({ status: 404, answer: { error: { code: "pipelines.no_hook" } } });
  expect(await post(body, signedBy.github(body, "push"), "absent")).toMatchObject({ status: 404, answer: { error: { code: "pipelines.trigger_not_found" } } });
  await pauseTrigger(house, "main", { actor: "ada", reason: "rest" });
  expect(await tell(push("main", zeros, "2".repeat(40)))).toMatchObject({ status: 200, answer: { firing: null, message: "It does not fire: the trigger is paused by ada: rest" } });
  await rm(file);
  expect(await tell(push("main", zeros, "3".repeat(40)))).toMatchObject({ status: 503, answer: { error: { code: "pipelines.no_secret" } } });
});

test("a secret in the environment of the server", async () => {
  const { set, post, repository } = await hooked();
  await set(projectOf(`main: { git: { repository: ${repository.path}, webhook: { from: github, secret_env: MILLRACE_SECRET_TEST } } }`));
  const body = JSON.stringify({ zen: "" });
  expect(await post(body, signedBy.github(body, "ping"))).toMatchObject({ status: 503, answer: { error: { message: expect.stringContaining("MILLRACE_SECRET_TEST") as string } } });
  process.env["MILLRACE_SECRET_TEST"] = secret;
  onTestFinished(() => void delete process.env["MILLRACE_SECRET_TEST"]);
  expect(await post(body, signedBy.github(body, "ping"))).toMatchObject({ status: 200 });
});
