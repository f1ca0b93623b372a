import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig, readConfig } from "./config-file.ts";
import { config, endpoint, makeHome, variant } from "../fixtures/gateway-process.ts";

const good = config(1, endpoint("trips", variant("champion", "trips-1", 0.9), variant("challenger", "trips-2", 0.1)));

describe("gateway configuration", () => {
  test("a good one is taken as it is", () => {
    expect(parseConfig(structuredClone(good), "c.json")).toEqual(good);
  });

  test("weights that sum to 1 but for rounding are taken", () => {
    const thirds = endpoint(
      "t",
      variant("a", "trips-1", 0.1),
      variant("b", "trips-1", 0.2),
      variant("c", "trips-1", 0.7),
    );
    expect(parseConfig(config(1, thirds), "c.json").endpoints).toHaveLength(1);
  });

  const first = good.endpoints[0];
  test.each<[string, unknown, RegExp]>([
    ["a list", [], /c\.json is wrong at its top: it must be an object/],
    ["no revision", { endpoints: [] }, /at revision: it must be an integer/],
    ["no endpoints", { revision: 1 }, /at endpoints: it must be a list/],
    ["the same endpoint twice", config(1, first, first), /"trips" is used twice/],
    ["no variants", config(1, endpoint("trips")), /endpoints\[0\]\.variants: it must be a list of at least one/],
    [
      "weights beyond 1",
      config(1, endpoint("t", variant("a", "x", 1), variant("b", "x", 0.5))),
      /"t" sum to 1\.5, not 1 \(a 1, b 0\.5\)/,
    ],
    [
      "a negative weight",
      config(1, endpoint("t", variant("a", "x", -1))),
      /variants\[0\]\.weight: it must be a number from 0 to 1, not -1/,
    ],
    [
      "the same variant twice",
      config(1, endpoint("t", variant("a", "x", 1), variant("a", "x", 0))),
      /"a" is used twice/,
    ],
    [
      "no location",
      config(1, endpoint("t", variant("a", "x", 1, { location: "" }))),
      /variants\[0\]\.location: it must be a string/,
    ],
    [
      "shadow as text",
      config(1, endpoint("t", variant("a", "x", 1, { shadow: "no" as never }))),
      /shadow: it must be true or false/,
    ],
  ])("%s is refused with its place", (_, value, message) => {
    expect(() => parseConfig(value, "c.json")).toThrow(message);
  });

  test("a file that is missing or no JSON is named", async () => {
    const home = await makeHome();
    const file = join(home, "config.json");
    await expect(readConfig(file)).rejects.toThrow(`Cannot read the gateway configuration ${file}`);
    await writeFile(file, "{");
    await expect(readConfig(file)).rejects.toThrow(`${file} is not JSON`);
  });
});
