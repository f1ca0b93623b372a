import { describe, expect, test } from "vitest";
import { readCron } from "../../project/cron.ts";
import { cronBegins, lookAtCron, nextCronTime } from "./cron-source.ts";

const at = (text: string): number => Date.parse(text);
const cron = (expression: string, more: { zone?: string; missed?: "skip" | "once" | "all"; limit?: number } = {}) => ({ kind: "cron", expression, zone: "UTC", missed: "once", limit: 10, ...more }) as const;

describe("times in a zone, where clocks change", () => {
  test.each<[name: string, expression: string, zone: string, after: string, times: string[]]>([
    ["a fixed time in the gap is held at its end", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["a fixed time that comes twice is held the first time", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    ["steps within the gap are left out", "*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-30T00:00Z", "2026-03-30T00:30Z"]],
    ["steps go on through an hour that comes twice", "*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-26T01:00Z"]],
    ["every hour stays every hour over the gap", "0 * * * *", "Europe/Berlin", "2026-03-28T23:30Z", ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"]],
    ["every hour stays every hour over the doubled one", "0 * * * *", "Europe/Berlin", "2026-10-24T23:30Z", ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"]],
    ["midnight where the gap is at midnight", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00Z", ["2018-11-04T03:00Z", "2018-11-05T02:00Z"]],
    ["a zone that moves by half an hour", "30 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00Z", ["2026-04-04T14:30Z", "2026-04-05T15:00Z"]],
    ["a name", "@weekly", "UTC", "2026-01-01T00:00Z", ["2026-01-04T00:00Z"]],
  ])("%s", (_, expression, zone, after, times) => {
    const { next } = readCron(expression, zone);
    const found: number[] = [];
    for (let time = at(after); found.length < times.length; ) found.push((time = next(time)!));
    expect(found.map((time) => new Date(time).toISOString())).toEqual(times.map((time) => new Date(time).toISOString()));
  });

  test.each([["61 * * * *", "UTC", /no cron expression of five parts.*Invalid value for minute: 61/], ["* * * * * *", "UTC", /no cron expression of five parts/], ["every day", "UTC", /no cron expression/], ["0 3 * * *", "Europe/Berln", /"Europe\/Berln" is no time zone/]])("%j in %s is refused", (expression, zone, message) =>
    expect(() => readCron(expression, zone)).toThrow(message));
});

describe("a look finds what has come since the last one", () => {
  const start = at("2026-05-01T00:00Z");
  const hour = 3_600_000;

  test("nothing before its time; at its time once", () => {
    const on = cron("0 3 * * *", { zone: "Europe/Berlin" });
    const begun = cronBegins(start);
    expect(new Date(nextCronTime(on, begun)!).toISOString()).toBe("2026-05-01T01:00:00.000Z");
    expect(lookAtCron(on, begun, start + hour - 1)).toEqual({ occurrences: [], cursor: begun });
    const { occurrences, cursor } = lookAtCron(on, begun, start + hour + 900);
    expect(occurrences).toMatchObject([{ cause: "cron", lane: "cron", key: `cron ${start + hour}`, why: "it was 2026-05-01 03:00 Europe/Berlin" }]);
    expect(lookAtCron(on, cursor, start + hour + 2000).occurrences).toEqual([]);
  });

  test.each([
    ["skip", [{ skip: "3 missed times not made up for (missed: skip)", why: "2026-05-01 01:00 UTC to 2026-05-01 03:00 UTC passed when no server ran" }]],
    ["once", [{ key: `cron ${start + 3 * hour}`, why: "it was 2026-05-01 03:00 UTC, 30 min 0 s ago, when no server ran; it stands for 3 missed times (missed: once)" }]],
    ["all", [{ skip: "1 missed time beyond the 2 newest, which are made up for (missed: all)" }, { lane: `cron ${start + 2 * hour}` }, { lane: `cron ${start + 3 * hour}` }]],
  ] as const)("missed times with %s", (missed, occurrences) => {
    const look = lookAtCron(cron("0 * * * *", { missed, limit: 2 }), cronBegins(start), start + 3.5 * hour);
    expect(look).toMatchObject({ occurrences, cursor: { after: start + 3.5 * hour } });
    expect(look.occurrences.filter(({ skip }) => skip === undefined).length).toBe({ skip: 0, once: 1, all: 2 }[missed]);
  });

  test("a time that is kept follows those that were missed", () => {
    const { occurrences } = lookAtCron(cron("0 * * * *", { missed: "skip" }), cronBegins(start), start + 2 * hour + 1000);
    expect(occurrences.map(({ key, skip }) => [key, skip !== undefined])).toEqual([[`missed ${start + hour}`, true], [`cron ${start + 2 * hour}`, false]]);
  });

  test("a server that was away for years says so and makes up for the newest", () => {
    const now = start + 3 * 365 * 24 * hour + 90_000;
    const { occurrences } = lookAtCron(cron("* * * * *", { missed: "all", limit: 2 }), cronBegins(start), now);
    expect(occurrences[0].skip).toMatch(/^more than \d{4} missed times beyond the 2 newest/);
    expect(occurrences.slice(1).map(({ key }) => key)).toEqual([now - 150_000, now - 90_000, now - 30_000].map((time) => `cron ${time}`));
  });

  test("a clock that was set back waits for the time it knew", () => expect(lookAtCron(cron("* * * * *"), cronBegins(start), start - hour).occurrences).toEqual([]));
});
