import { createServer } from "node:net";
import { once } from "node:events";
import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { millrace, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const good = (target: (i: number) => number | string = (i) => (3 * (i % 17) + 2 * ((i * 7) % 11) + 3 * Math.sin(i * 12.9898)).toFixed(3)): string =>
  `size,weight,price\n${Array.from({ length: 200 }, (_, i) => `${i % 17},${(i * 7) % 11},${target(i)}`).join("\n")}\n`;

/** What went wrong, as people read it: the line that begins with `error`. */
const sentence = (err: string): string => err.split("\n").find((line) => line.startsWith("error ")) ?? `no error in: ${err}`;

const aFolder = Symbol("a folder");

interface Case {
  readonly what: string;
  readonly content: string | Buffer | typeof aFolder | null;
  readonly file?: string;
  readonly target?: string;
  readonly code: number;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  { what: "a file that is not there", content: null, code: 4, says: /table\.csv/ },
  { what: "an empty file", content: "", code: 2, says: /table\.csv.*(empty|no bytes|nothing)/i },
  { what: "a header and no rows", content: "size,weight,price\n", code: 2, says: /header|no rows/i },
  { what: "a binary file", content: Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)), code: 2, says: /table\.csv.*(not text|binary|UTF-8)/i },
  { what: "a workbook", content: Buffer.from("504b030414000600", "hex"), code: 2, says: /Excel|zip/ },
  { what: "ragged rows", content: `${good()}1,2\n3,4,5,6\n`, code: 2, says: /line 20[23]|row 20[12]|fields|columns/i },
  { what: "a folder", content: aFolder, code: 2, says: /folder|directory/i },
  { what: "another format", content: "hello", file: "table.docx", code: 2, says: /docx|format/i },
  { what: "a target that is not there", content: good(), target: "prise", code: 2, says: /no column "prise".*Did you mean "price"/ },
];

/** `init` may guess a target, so the guess must not hide what is wrong with the file. */
async function place(one: Case): Promise<{ folder: string; table: string }> {
  const folder = await temporaryFolder();
  const table = join(folder, one.file ?? "table.csv");
  if (one.content === aFolder) await mkdir(table);
  else if (one.content !== null) await writeFile(table, one.content);
  return { folder, table };
}

describe("millrace init says what is wrong with a table, in one sentence", () => {
  test.each(cases)("$what", async (one) => {
    const { folder, table } = await place(one);
    const { code, out, err } = await millrace(["init", table, "--yes", ...(one.target === undefined ? [] : ["--target", one.target])], { cwd: folder });
    expect(sentence(err)).toMatch(one.says);
    expect([code, out]).toEqual([one.code, ""]);
    expect(err).not.toMatch(/^\s+at /m);
    expect(await readdir(folder)).not.toContain("millrace.yaml");
  });

  test("a table that cannot be read: a link to itself, and, unless the superuser asks, one without permission", async () => {
    const folder = await temporaryFolder();
    const [loop, closed] = [join(folder, "loop.csv"), join(folder, "closed.csv")];
    await symlink("loop.csv", loop);
    await writeFile(closed, good());
    await chmod(closed, 0);
    for (const table of process.getuid?.() === 0 ? [loop] : [loop, closed]) {
      const { code, err } = await millrace(["init", table, "--yes"], { cwd: folder });
      expect([code, sentence(err)]).toEqual([2, expect.stringMatching(/(loop|closed)\.csv cannot be read/)]);
    }
  });

  test("a place that cannot be written, and a file that is there already", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "table.csv"), good());
    const elsewhere = await millrace(["init", "table.csv", "--yes", "--out", "absent/millrace.yaml"], { cwd: folder });
    expect([elsewhere.code, sentence(elsewhere.err)]).toEqual([2, expect.stringContaining("absent/millrace.yaml")]);
    expect((await millrace(["init", "table.csv", "--yes"], { cwd: folder })).code).toBe(0);
    const again = await millrace(["init", "table.csv", "--yes", "--json"], { cwd: folder });
    expect([again.code, JSON.parse(again.out)]).toMatchObject([2, { error: { code: "init.file_exists", message: expect.stringContaining("--force") as string } }]);
  });
});

describe("millrace run says it too, and the home folder still works", () => {
  test("each in turn on one home, then a good run", async () => {
    const home = join(await temporaryFolder(), "home");
    const server = await startMillrace(home);
    for (const one of cases) {
      const { folder, table } = await place(one);
      await writeFile(join(folder, "millrace.yaml"), `model: stones\ndata: { source: ${table}, target: ${one.target ?? "price"} }\n`);
      const { code, out, err } = await millrace(["run", "--json", "--home", home], { cwd: folder });
      const { error } = JSON.parse(out) as { error: { code: string; message: string } };
      expect(error.message, one.what).toMatch(one.says);
      expect(error.message, one.what).not.toContain("\n");
      expect(error.code, one.what).toMatch(/^data\./);
      expect(code, `${one.what}: ${err}`).toBe(2);
    }
    const odd: [string, string, RegExp][] = [
      ["a column of nothing but nulls", good().replaceAll(/^(\d+),\d+,/gm, "$1,,"), /weight/],
      ["a target that never changes", good(() => 7), /price|constant|one value|class/i],
      ["a target of nothing but nulls", good(() => ""), /price|target|no row/i],
    ];
    for (const [what, content, says] of odd) {
      const folder = await temporaryFolder();
      await writeFile(join(folder, "table.csv"), content);
      await writeFile(join(folder, "millrace.yaml"), "model: odd\ndata: { source: table.csv, target: price }\n");
      const { code, out, err } = await millrace(["run", "--json", "--home", home], { cwd: folder });
      const said = JSON.parse(out) as { error?: { code: string; message: string }; version?: number | null };
      // Either a clear error, a refusal by the gate, or a sensible model: never a failure inside.
      expect([0, 2, 3], `${what}: ${out} ${err}`).toContain(code);
      expect(out, what).toMatch(says);
      expect(said.error?.code ?? "data.", what).toMatch(/^(data|training|evaluation)\./);
      expect(out, what).not.toMatch(/NaN|undefined|TypeError/);
    }
    const folder = await temporaryFolder();
    await writeFile(join(folder, "table.csv"), good());
    await writeFile(join(folder, "millrace.yaml"), "model: stones\ndata: { source: table.csv, target: price }\n");
    const { code, out, err } = await millrace(["run", "--json", "--home", home], { cwd: folder });
    expect([code, JSON.parse(out)], err).toMatchObject([0, { model: "stones", version: 1, gate: { passed: true }, endpoint: `${server.gateway}/v2/models/stones/infer` }]);
  });
});

describe("two at one place", () => {
  test("a second server on the same home is told of the first", async () => {
    const home = join(await temporaryFolder(), "home");
    const { url, child } = await startMillrace(home);
    const { code, err } = await millrace(["up", "--home", home, "--port", "0", "--gateway-port", "0"]);
    expect([code, sentence(err)]).toEqual([5, `error A server (process ${child.pid}) already runs on ${home} at ${url}; stop it with \`millrace down --home ${home}\`, or use another --home`]);
    expect((await fetch(`${url}/health`)).ok).toBe(true);
  });

  test("of two that start at the same moment one runs, and the other says so", async () => {
    const home = join(await temporaryFolder(), "home");
    const both = await Promise.allSettled([startMillrace(home), startMillrace(home)]);
    const running = both.filter((one) => one.status === "fulfilled");
    expect(running).toHaveLength(1);
    const refused = both.find((one) => one.status === "rejected");
    expect(String(refused?.reason)).toMatch(/already runs on|starting or stopping on/);
    expect((await fetch(`${running[0].value.url}/health`)).ok).toBe(true);
  });

  test("a home of a server that was killed is taken over at once", async () => {
    const home = join(await temporaryFolder(), "home");
    const first = await startMillrace(home);
    await first.kill();
    const second = await startMillrace(home);
    expect((await fetch(`${second.url}/health`)).ok).toBe(true);
  });

  test.each(["--port", "--gateway-port"])("a taken port (%s) is said, and nothing is left running", async (option) => {
    const home = join(await temporaryFolder(), "home");
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const free = option === "--port" ? "--gateway-port" : "--port";
    const { code, err } = await millrace(["up", "--home", home, option, String(port), free, "0"]);
    expect(sentence(err)).toMatch(new RegExp(`^error .*Port ${port} on 127\\.0\\.0\\.1 is taken by another program`));
    expect(sentence(err)).toContain(option);
    expect(code).toBe(5);
    const { url } = await startMillrace(home);
    expect((await fetch(`${url}/health`)).ok).toBe(true);
  });
});
