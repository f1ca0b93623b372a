import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig, readConfig } from "./config-file.ts";
import { config, endpoint, makeHome, variant } from "../fixtures/gateway-process.ts";

const good = config(1, endpoint("trips", variant("champion", "trips-1", 0.9), variant("challenger", "trips-2", 0.1)));

const ruled = (more: object) => ({ ...good, endpoints: [{ ...good.endpoints[0], ...more }] });

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

  test("what decides about traffic, and the names of headers in lower case", () => {
    const traffic = {
      labels: { stable: "trips-1" },
      rules: [{ if: { header: { "X-Tier": "gold" }, parameter: { Region: { oneOf: ["eu", "us"] } } }, variant: "challenger" }],
      fallback: { variant: "champion", afterMs: 50 },
      sticky: { header: "X-User" },
    };
    expect(parseConfig(ruled(traffic), "c.json").endpoints[0]).toEqual({
      ...good.endpoints[0],
      ...traffic,
      rules: [{ if: { header: { "x-tier": "gold" }, parameter: { Region: { oneOf: ["eu", "us"] } } }, variant: "challenger" }],
      sticky: { header: "x-user" },
    });
  });

  const first = good.endpoints[0];
  test.each<[string, unknown, RegExp]>([
    ["a batch of none", config(1, endpoint("t", variant("a", "x", 1, { batching: { maxRows: 0 } }))), /batching\.maxRows: it must be a whole number from 1/],
    ["a batch of what is not there", config(1, endpoint("t", variant("a", "x", 1, { batching: { rows: 1 } as object }))), /batching\.rows: there is no such field; there is maxRows/],
    ["a share of the log beyond 1", config(1, { ...first, log: { share: 2 } }), /log\.share: it must be a number from 0 to 1, not 2/],
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
    ["a rule for nobody", ruled({ rules: [{ if: { header: { a: "b" } }, variant: "nobody" }] }), /rules\[0\]\.variant: there is no variant "nobody"; there is "champion", "challenger"/],
    ["a rule without a condition", ruled({ rules: [{ if: {}, variant: "champion" }] }), /rules\[0\]\.if: it must name a header or a parameter/],
    ["a rule with a word too many", ruled({ rules: [{ if: { header: { a: "b" } }, variant: "champion", weight: 1 }] }), /rules\[0\]\.weight: there is no such field; there is if, variant/],
    ["a match of two kinds", ruled({ rules: [{ if: { header: { a: { prefix: "b", oneOf: [] } } }, variant: "champion" }] }), /header\.a: it must be a string, \{ "prefix": string \} or/],
    ["a regular expression", ruled({ rules: [{ if: { header: { a: { regex: "b" } } }, variant: "champion" }] }), /header\.a\.regex: there is no such field/],
    ["a fallback to nothing", ruled({ fallback: {} }), /fallback: it must be an object with variant or endpoint/],
    ["a fallback to nobody", ruled({ fallback: { variant: "nobody" } }), /fallback\.variant: there is no variant "nobody"/],
    ["a fallback to itself", ruled({ fallback: { endpoint: "trips" } }), /fallback\.endpoint: "trips" is no other endpoint/],
    ["a fallback at once", ruled({ fallback: { variant: "champion", afterMs: 0 } }), /afterMs: it must be a number from 1 to/],
    ["two ways to stick", ruled({ sticky: { header: "a", cookie: "b" } }), /sticky: it must be an object with one of header, cookie and parameter/],
    ["a label on nothing", ruled({ labels: { stable: "7" } }), /labels\.stable: no variant is of version "7"/],
    ["options that are not there", config(1, endpoint("t", variant("a", "x", 1, { options: { instance: 1 } as never }))), /options\.instance: there is no such field; there is instances/],
    ["half an instance", config(1, endpoint("t", variant("a", "x", 1, { options: { instances: 0.5 } }))), /options\.instances: it must be a whole number from 1 to 1024, not 0\.5/],
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
