import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at, keepAsking, makeFolder, putModel, startOwn } from "../fixtures/own-gateway.ts";
import type { OwnGateway } from "../fixtures/own-gateway.ts";
import { modelFile } from "../fixtures/gateway-process.ts";

const index = ({ repository }: OwnGateway) =>
  repository.index().map(({ name, version, state, isDefault }) => `${name}/${version} ${state}${isDefault ? " default" : ""}`);
const ready = async ({ url }: OwnGateway) => (await fetch(`${url}/v2/health/ready`)).status === 200;

/** A folder of versions 1 (13 for a trip) and 2 (1013). */
async function twoVersions(folder: string): Promise<string> {
  await putModel("trips-1", join(folder, "1", "model.onnx"));
  await putModel("trips-2", join(folder, "2", "model.onnx"));
  return folder;
}

describe("a gateway that runs alone", () => {
  test("serves files, folders and repositories, and says so", async () => {
    const home = await makeFolder();
    const repository = await makeFolder();
    await twoVersions(join(repository, "fares"));
    const gateway = await startOwn(home, { trips: at(modelFile("trips-1")), pair: at(join(repository, "fares"), { versions: "all" }) }, { repository });
    expect(index(gateway).toSorted()).toEqual([
      "fares/1 UNAVAILABLE",
      "fares/2 READY default",
      "pair/1 READY",
      "pair/2 READY default",
      "trips/1 READY default",
    ]);
    expect([await gateway.price("trips"), await gateway.price("fares"), await gateway.price("pair/versions/1"), await ready(gateway)]).toEqual([13, 1013, 13, true]);
    expect(gateway.repository.index().find(({ state }) => state === "UNAVAILABLE")?.reason).toBe("unloaded");
  });

  test("lists models as they were given, whichever was loaded first", async () => {
    const names = ["of two versions", "z", "a", "m"];
    const folder = await twoVersions(await makeFolder()); // takes longer than the files
    const { url } = await startOwn(await makeFolder(), Object.fromEntries(names.map((name, at) => [name, { places: [{ location: at === 0 ? folder : modelFile("amount") }] }])));
    expect(await (await fetch(`${url}/v2/models`)).json()).toEqual({ models: names });
  });

  test.each<[string, Parameters<typeof at>[1], readonly string[]]>([
    ["the newest without a word", {}, ["2"]],
    ["the two newest", { versions: { latest: 2 } }, ["1", "2"]],
    ["all", { versions: "all" }, ["1", "2"]],
    ["one by name", { versions: { specific: ["1"] } }, ["1"]],
  ])("versions: %s", async (_, more, versions) => {
    const gateway = await startOwn(await makeFolder(), { trips: at(await twoVersions(await makeFolder()), more) });
    expect(gateway.repository.index().filter(({ state }) => state === "READY").map(({ version }) => version)).toEqual(versions);
  });

  test.each<[string, string, Parameters<typeof at>[1], RegExp]>([
    ["a version that is not there", "folder", { versions: { specific: ["3"] } }, /no version "3"; there is: "1", "2"/],
    ["a label on a version that is not served", "folder", { labels: { stable: "1" } }, /label "stable" of "trips" asks for version "1", which is not served; there is: "2"/],
    ["a rule for a version that is not served", "folder", { rules: [{ if: { header: { a: "b" } }, variant: "1" }] }, /A rule of "trips"/],
    ["a file that is not there", "/nowhere.onnx", {}, /Cannot read the model \/nowhere\.onnx/],
    ["the URL of a file", "https://example.com/model.onnx", {}, /no URL of a model on a model server/],
  ])("%s is refused at the start", async (_, place, more, message) => {
    const location = place === "folder" ? await twoVersions(await makeFolder()) : place;
    await expect(startOwn(await makeFolder(), { trips: at(location, more) })).rejects.toThrow(message);
  });

  test("a folder that came into the repository after the start is found by who loads it, and no other name", async () => {
    const [home, repository] = [await makeFolder(), await makeFolder()];
    await putModel("trips-1", join(repository, "early", "1", "model.onnx"));
    const gateway = await startOwn(home, {}, { repository, anyPlace: false });
    const load = async (name: string, parameters?: object) => (await fetch(`${gateway.url}/v2/repository/models/${name}/load`, { method: "POST", body: JSON.stringify(parameters ? { parameters } : {}) })).status;
    expect(await load("late")).toBe(404);
    await twoVersions(join(repository, "late"));
    expect([await load("late"), await gateway.price("late")]).toEqual([200, 1013]);
    await twoVersions(join(repository, "by version"));
    await gateway.repository.load({ name: "by version", version: "1" });
    expect(await gateway.price("by version")).toBe(13);
    // More versions of a known one, too.
    await putModel("trips-2", join(repository, "early", "2", "model.onnx"));
    expect([await gateway.price("early"), await load("early"), await gateway.price("early")]).toEqual([13, 200, 1013]);
    for (const name of ["..", "%2e%2e%2fearly", "late%2f1", "constructor", "."]) expect([name, await load(name)]).toEqual([name, 404]);
    expect(index(gateway)).toEqual(["early/1 UNAVAILABLE", "early/2 READY default", "late/1 UNAVAILABLE", "late/2 READY default", "by version/1 READY default", "by version/2 UNAVAILABLE"]);
  });

  test("loads, unloads and changes of the default under 32 connections fail no request", async () => {
    const gateway = await startOwn(await makeFolder(), { trips: at(await twoVersions(await makeFolder()), { versions: "all" }) });
    const { repository } = gateway;
    const clients = keepAsking(gateway.url, "trips", 32);
    for (let round = 0; round < 5; round++) {
      await clients.answered(64);
      await repository.setDefault("trips", "1");
      await clients.answered(64);
      await repository.unload("trips", "2");
      await repository.load({ name: "other", location: modelFile("trips-2") });
      await clients.answered(64);
      await repository.load({ name: "trips", version: "2" });
      await repository.setDefault("trips", "2");
      await repository.scale("trips", "2", 2);
      await repository.load({ name: "trips", location: modelFile("trips-1"), version: `${round + 3}` });
      await repository.unload("other");
      await repository.unload("trips", `${round + 3}`);
    }
    await clients.answered(64);
    expect(new Set((await clients.stop()).keys())).toEqual(new Set([13, 1013])); // both answered, and nothing else was ever said
    expect(index(gateway)).toContain("trips/2 READY default");
  });

  test("a model is replaced under load in one step, wherever its new file lies", async () => {
    const gateway = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")) });
    const clients = keepAsking(gateway.url, "trips", 32);
    await clients.answered(100);
    await gateway.repository.load({ name: "trips", location: modelFile("trips-2") });
    expect(await gateway.price("trips")).toBe(1013);
    await clients.answered(100);
    expect(new Set((await clients.stop()).keys())).toEqual(new Set([13, 1013]));
  });

  test("a model that does not load leaves the old, and says why", async () => {
    const folder = await makeFolder();
    const broken = join(folder, "broken.onnx");
    await writeFile(broken, "no model");
    const gateway = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")) });
    await expect(gateway.repository.load({ name: "trips", location: broken })).rejects.toThrow(/cannot be loaded: ONNX Runtime cannot load .*broken/);
    expect(await gateway.price("trips")).toBe(13);
    await expect(gateway.repository.load({ name: "fresh", location: broken })).rejects.toThrow(/cannot be loaded/);
    expect(gateway.repository.index().find(({ name }) => name === "fresh")).toMatchObject({ state: "UNAVAILABLE", reason: expect.stringMatching(/cannot be loaded/), isDefault: false });
    expect(await ready(gateway)).toBe(true);
    await putModel("trips-2", broken);
    await gateway.repository.load({ name: "fresh" });
    expect(await gateway.price("fresh")).toBe(1013);
  });

  test("clients load by name and from the repository only, unless the operator says otherwise", async () => {
    const repository = await makeFolder();
    await putModel("trips-2", join(repository, "shelf", "fares.onnx"));
    const gateway = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")) }, { repository, anyPlace: false });
    for (const location of [modelFile("trips-2"), `${repository}/../x.onnx`, repository, "../x.onnx", "http://127.0.0.1:1/v2/models/x", "file:///x.onnx"]) {
      await expect(gateway.repository.load({ name: "trips", location })).rejects.toMatchObject({ code: "serving.place_forbidden", status: 403 });
      await expect(gateway.repository.replace([{ name: "trips", location }])).rejects.toMatchObject({ status: 403 });
    }
    await gateway.repository.load({ name: "fares", location: "shelf/fares.onnx" });
    await fetch(`${gateway.url}/_millrace/reload`, { method: "POST", headers: { authorization: `Bearer ${gateway.address.token}` } });
    await gateway.repository.load({ name: "trips" });
    expect([await gateway.price("fares"), await gateway.price("trips")]).toEqual([1013, 13]);
  });

  test("what is asked for by mistake is refused", async () => {
    const { repository } = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")) });
    const cases: [Promise<void>, string, number][] = [
      [repository.load({ name: "nothing" }), "serving.unknown_model", 404],
      [repository.unload("nothing"), "serving.unknown_model", 404],
      [repository.unload("trips", "7"), "serving.version_missing", 400],
      [repository.setDefault("trips", "7"), "serving.version_missing", 400],
      [repository.scale("trips", "7", 2), "serving.version_missing", 400],
      [repository.load({ name: "trips", location: modelFile("trips-2"), version: "1" }), "serving.already_loaded", 409],
    ];
    for (const [done, code, status] of cases) await expect(done).rejects.toMatchObject({ code, status });
  });

  test("unloaded models are gone for clients and come back by name; replace leaves what it names", async () => {
    const gateway = await startOwn(await makeFolder(), { a: at(modelFile("trips-1")), b: at(modelFile("trips-2")) });
    await gateway.repository.unload("a");
    await gateway.repository.unload("a");
    await expect(gateway.repository.setDefault("a", "1")).rejects.toThrow('"a" is not loaded; load it first.');
    expect([await gateway.price("a"), index(gateway)]).toEqual([404, ["a/1 UNAVAILABLE", "b/1 READY default"]]);
    await gateway.repository.load({ name: "a" });
    expect(await gateway.price("a")).toBe(13);
    await gateway.repository.replace([{ name: "b", location: modelFile("trips-1") }, { name: "c", location: modelFile("trips-2") }]);
    expect(index(gateway).toSorted()).toEqual(["b/1 READY default", "c/1 READY default"]);
    expect([await gateway.price("b"), await gateway.price("c")]).toEqual([13, 1013]);
  });

  test("changes by clients are there after a restart, but what is named at the start wins", async () => {
    const home = await makeFolder();
    const folder = await twoVersions(await makeFolder());
    const first = await startOwn(home, { trips: at(folder, { versions: "all" }), other: at(modelFile("trips-1")) });
    await first.repository.setDefault("trips", "1");
    await first.repository.load({ name: "extra", location: modelFile("trips-2") });
    await first.repository.unload("other");
    await first.stop();

    const second = await startOwn(home, {});
    expect(index(second).toSorted()).toEqual(["extra/1 READY default", "other/1 UNAVAILABLE", "trips/1 READY default", "trips/2 READY"]);
    await second.stop();

    const third = await startOwn(home, { trips: at(folder), other: at(modelFile("trips-1")) });
    expect(index(third).toSorted()).toEqual(["extra/1 READY default", "other/1 READY default", "trips/1 UNAVAILABLE", "trips/2 READY default"]);
  });

  test("a repository looked at again serves new versions and models, files that changed, and drops what is gone", async () => {
    const repository = await makeFolder();
    await putModel("trips-1", join(repository, "trips", "1", "model.onnx"));
    await putModel("trips-1", join(repository, "gone", "1", "model.onnx"));
    await putModel("trips-1", join(repository, "edited", "1", "model.onnx"));
    const gateway = await startOwn(await makeFolder(), {}, { repository });
    const rescan = () => fetch(`${gateway.url}/_millrace/reload`, { method: "POST", headers: { authorization: `Bearer ${gateway.address.token}` } });
    await putModel("trips-2", join(repository, "trips", "2", "model.onnx"));
    await putModel("trips-2", join(repository, "fresh", "1", "model.onnx"));
    await putModel("trips-2", join(repository, "edited", "1", "model.onnx"));
    await utimes(join(repository, "edited", "1", "model.onnx"), 2e9, 2e9);
    await rm(join(repository, "gone"), { recursive: true });
    await writeFile(join(repository, "trips", "config.pbtxt"), 'name: "trips"');
    expect((await rescan()).status).toBe(200);
    expect(index(gateway).toSorted()).toEqual(["edited/1 READY default", "fresh/1 READY default", "trips/1 UNAVAILABLE", "trips/2 READY default"]);
    expect([await gateway.price("edited"), await gateway.price("fresh"), await gateway.price("trips"), await gateway.price("gone")]).toEqual([1013, 1013, 1013, 404]);
    await rm(repository, { recursive: true });
    await rescan();
    expect(gateway.said.join("")).toMatch(/Cannot read the model repository/);
    expect(await gateway.price("fresh")).toBe(1013);
  });

  test("a model of a repository that does not load does not keep the others from it", async () => {
    const repository = await makeFolder();
    await putModel("trips-1", join(repository, "good", "1", "model.onnx"));
    await putModel("trips-1", join(repository, "empty", "1", "readme.txt"));
    const gateway = await startOwn(await makeFolder(), {}, { repository });
    expect([await gateway.price("good"), await gateway.price("empty"), await ready(gateway)]).toEqual([13, 404, true]);
    expect(gateway.repository.index().find(({ name }) => name === "empty")).toMatchObject({ state: "UNAVAILABLE", reason: expect.stringMatching(/no model that a runtime takes/) });
  });

  test("warm-up requests run before the first traffic; a model that does not answer them is refused", async () => {
    const folder = await makeFolder();
    const file = await putModel("trips-1", join(folder, "model.onnx"));
    const sample = { inputs: [{ name: "distance", datatype: "FP32", shape: [1], data: [1] }, { name: "seats", datatype: "FP32", shape: [1], data: [1] }, { name: "city", datatype: "BYTES", shape: [1], data: ["Oslo"] }] };
    await writeFile(join(folder, "warmup.json"), JSON.stringify([sample, sample]));
    const gateway = await startOwn(await makeFolder(), { trips: at(file) });
    expect(await gateway.price("trips")).toBe(13);
    await expect(startOwn(await makeFolder(), { trips: at(file, { warmup: [sample, { inputs: [sample.inputs[0]] }] }) })).rejects.toThrow(/sample 2 of its warm-up: The inputs "seats", "city" are missing/);
    await writeFile(join(folder, "warmup.json"), "{");
    await expect(gateway.repository.load({ name: "trips", location: file })).resolves.toBeUndefined(); // in memory and unchanged
    await expect(startOwn(await makeFolder(), { trips: at(file) })).rejects.toThrow(/Cannot read .*warmup\.json/);
  });
});
