import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { conflict, invalid, MillraceError, notFound } from "../errors.ts";
import { ApiError } from "../http/client.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { runProgram } from "./program.ts";
import { moment, table } from "./table.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let seen: { context: CommandContext; args: readonly string[]; options: Readonly<Record<string, unknown>> } | undefined;

const failures: Readonly<Record<string, () => Error>> = {
  usage: () => invalid("mill.bad", "That is no grain", { field: "grain" }),
  absent: () => notFound("mill.absent", "There is no mill"),
  clash: () => conflict("mill.taken", "The port is taken"),
  inside: () => new MillraceError("mill.broken", 500, "The wheel broke", { cause: new Error("the axle split") }),
  api: () => new ApiError(404, "mill.absent", "There is no mill"),
  down: () => new ApiError(503, "http.no_answer", "Nobody answers"),
  bug: () => new TypeError("undefined is no function"),
};

const top: readonly Command[] = [
  {
    name: "grind",
    summary: "Grinds grain",
    example: "millrace grind rye.csv --stones 2",
    arguments: { "[grain]": "what to grind" },
    options: { "--stones <n>": { description: "how many stones", default: 1 }, "--out <file>": "where to", "--fine": "twice" },
    run: async (context, args, options) => {
      seen = { context, args, options };
      const failure = failures[args[0] ?? ""];
      if (failure) throw failure();
      context.say("turning");
      return { data: { ground: args[0] ?? null }, text: "ground", ...(args[0] === "refused" ? { exitCode: exitCodes.refused } : {}) };
    },
  },
  { name: "ask", summary: "Asks the server", example: "millrace ask", run: async ({ server }) => ({ data: { url: await server() }, text: "" }) },
];
const rooms = [{ name: "stones", purpose: "The stones", commands: [{ name: "list", summary: "Lists stones", example: "millrace stones list", run: async () => ({ data: [], text: "No stones" }) }] }];

/** Runs a command line in this process, keeping what it prints. */
async function run(...argv: string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const keep = (add: (text: string) => void) => (text: unknown, ...rest: unknown[]) => {
    add(String(text));
    (rest.find((one) => typeof one === "function") as (() => void) | undefined)?.();
    return true;
  };
  const spies = [vi.spyOn(process.stdout, "write").mockImplementation(keep((text) => (out += text))), vi.spyOn(process.stderr, "write").mockImplementation(keep((text) => (err += text)))];
  try {
    return { code: await runProgram(argv, top, rooms), out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe("exit codes say what kind of failure it was", () => {
  test.each<[string, number]>([
    ["rye", exitCodes.ok],
    ["usage", exitCodes.usage],
    ["refused", exitCodes.refused],
    ["absent", exitCodes.notFound],
    ["api", exitCodes.notFound],
    ["clash", exitCodes.unavailable],
    ["down", exitCodes.unavailable],
    ["inside", exitCodes.internal],
    ["bug", exitCodes.internal],
  ])("%s: %d", async (grain, code) => expect((await run("grind", grain)).code).toBe(code));

  test("the codes are what the manual says", () => {
    expect(exitCodes).toEqual({ ok: 0, internal: 1, usage: 2, refused: 3, notFound: 4, unavailable: 5, interrupted: 130 });
    expect(exitCodeOf("text")).toBe(1);
  });
});

describe("what is printed", () => {
  test("the result on standard output, the talk on standard error", async () => {
    expect(await run("grind", "rye")).toEqual({ code: 0, out: "ground\n", err: "turning\n" });
  });

  test("with --json the result alone, as JSON", async () => {
    expect(await run("grind", "rye", "--json")).toEqual({ code: 0, out: '{"ground":"rye"}\n', err: "turning\n" });
  });

  test("an error with --json has the API's shape, and is all of standard output", async () => {
    const { out, err } = await run("grind", "usage", "--json");
    expect(JSON.parse(out)).toEqual({ error: { code: "mill.bad", message: "That is no grain", details: { field: "grain" } } });
    expect(err).toBe("");
  });

  test("an error for people is one sentence, with its causes and without a stack", async () => {
    expect((await run("grind", "inside")).err).toMatch(/^\S*error\S* The wheel broke: the axle split\n$/);
    expect((await run("grind", "usage")).err).not.toMatch(/^\s+at /m);
  });

  test("what is a bug shows where", async () => {
    expect((await run("grind", "bug")).err).toMatch(/TypeError: undefined is no function\n\s+at /);
    expect(JSON.parse((await run("grind", "bug", "--json")).out)).toMatchObject({ error: { code: "internal" } });
  });
});

describe("the command line", () => {
  test("options and arguments arrive, numbers as numbers, with their defaults", async () => {
    await run("grind", "rye", "--out", "flour", "--fine", "--home", "/tmp/mill");
    expect(seen?.args).toEqual(["rye"]);
    expect(seen?.options).toMatchObject({ stones: 1, out: "flour", fine: true });
    expect(seen?.context.settings.home).toBe("/tmp/mill");
    await run("grind", "--stones", "3");
    expect(seen?.options).toMatchObject({ stones: 3 });
  });

  test.each<[string, string[], RegExp]>([
    ["an unknown command suggests", ["grnd"], /unknown command 'grnd'[\s\S]*Did you mean grind\?/],
    ["an unknown command of a room suggests", ["stones", "lst"], /unknown command 'lst'[\s\S]*Did you mean list\?/],
    ["an unknown option", ["grind", "--stoned"], /unknown option '--stoned'[\s\S]*--stones/],
    ["a number that is none", ["grind", "--stones", "two"], /--stones <n>.*'two' is invalid.*whole number/],
    ["an argument too many", ["grind", "a", "b"], /too many arguments/],
    ["an option without its value", ["grind", "--out"], /argument missing/],
  ])("%s", async (_, argv, message) => {
    const { code, out, err } = await run(...argv);
    expect([code, out]).toEqual([exitCodes.usage, ""]);
    expect(err).toMatch(message);
  });

  test("with --json a wrong command line is an error of the same shape", async () => {
    const { code, out } = await run("grind", "--stoned", "--json");
    expect(code).toBe(exitCodes.usage);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "cli.usage", message: expect.stringContaining("unknown option '--stoned'") as string } });
  });

  test("help shows what a command does and an example", async () => {
    const { code, out } = await run("grind", "--help");
    expect(code).toBe(0);
    expect(out).toContain("Grinds grain");
    expect(out).toContain("Example:\n  millrace grind rye.csv --stones 2");
    expect((await run("--help")).out).toContain("stones");
  });

  test("without a server it says how to start one", async () => {
    const home = await temporaryFolder();
    const { code, err } = await run("ask", "--home", home);
    expect([code, err]).toEqual([exitCodes.unavailable, expect.stringContaining(`millrace up --home ${home}`)]);
  });

  test("an address that a dead server left behind is no server", async () => {
    const home = await temporaryFolder();
    await mkdir(join(home, "run"));
    await writeFile(join(home, "run", "server.json"), JSON.stringify({ pid: 1, url: "http://127.0.0.1:9", gateway: "" }));
    expect((await run("ask", "--home", home)).code).toBe(exitCodes.unavailable);
  });

  test("an interrupt reaches the command, which may end as it likes", async () => {
    const interrupted: Command = {
      name: "wait",
      summary: "Waits",
      example: "millrace wait",
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
    };
    const listeners = process.listenerCount("SIGINT");
    const running = runProgram(["wait"], [interrupted], []);
    process.emit("SIGINT");
    expect(await running).toBe(exitCodes.interrupted);
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });
});

test("a table has its numbers to the right, and says when it is empty", () => {
  // eslint-disable-next-line no-control-regex
  const plain = (text: string): string => text.replace(/\u001B\[\d+m/g, "");
  expect(plain(table(["name", "rows"], [["bikes", 7], ["taxis", 1200]], "none")).split("\n").map((line) => line.trimEnd())).toEqual(["name   rows", "bikes     7", "taxis  1200"].map((line) => expect.stringContaining(line.trim().split(/\s+/)[0]) as string));
  expect(plain(table(["name", "rows"], [["bikes", 7], ["taxis", 1200]], "none"))).toMatch(/bikes\s+7\s*\n/);
  expect(table(["name"], [], "Nothing yet")).toBe("Nothing yet");
  expect(moment(Date.UTC(2011, 1, 26, 12, 5))).toBe("2011-02-26 12:05");
  expect(moment(null)).toBe("");
});
