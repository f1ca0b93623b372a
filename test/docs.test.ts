import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { generatedFiles } from "../docs/generate.ts";
import { stages } from "../src/stages.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");

describe("what the manual says is what the code says", () => {
  test("the generated parts are up to date (`npm run docs` writes them)", async () => {
    for (const [path, text] of await generatedFiles()) expect({ path, text: await read(path) }).toEqual({ path, text });
  });

  test("ARCHITECTURE.md names every folder of src and stays a map", async () => {
    const text = await read("ARCHITECTURE.md");
    expect((await foldersOf("src")).filter((folder) => !text.includes(`\`${folder}/\``))).toEqual([]);
    expect(text.split("\n").length).toBeLessThan(150);
  });

  test("every room has a page in docs/rooms, which names its steps and events", async () => {
    for (const stage of stages) {
      const text = await read(`docs/rooms/${stage.name}.md`);
      for (const name of [...(stage.steps ?? []).map((step) => step.name), ...Object.keys(stage.events ?? {})]) expect(text).toContain(`\`${name}\``);
    }
    expect((await readdir(join(root, "docs", "rooms"))).toSorted()).toEqual(stages.map((stage) => `${stage.name}.md`).toSorted());
  });

  test("every dependency has a line that says which file needs it, and that file does", async () => {
    const { dependencies, devDependencies } = JSON.parse(await read("package.json")) as Record<string, Record<string, string>>;
    const lines = [...(await read("docs/dependencies.md")).matchAll(/^\| `(?<name>[^`]+)` \| (?<files>[^|]+) \|/gm)].map(({ groups }) => groups!);
    expect(lines.map(({ name }) => name).toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).toSorted());
    const named = lines.flatMap(({ name, files }) => [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => ({ name, file })));
    expect(named.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
  });

  test("links between pages lead somewhere", async () => {
    const links = (await Promise.all((await pages()).map(async (page) => [...(await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target]) => ({ page, target }))))).flat();
    expect(links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });
});

describe("what the manual tells people to type works", () => {
  test("the commands of the README and the pages, in order, in one home folder", { timeout: 300_000 }, async () => {
    const blocks = (await Promise.all((await pages()).map(runnable))).flat();
    expect(blocks.length).toBeGreaterThan(2);
    const folder = await mkdtemp(join(tmpdir(), "millrace-docs-"));
    // The commands speak of the ports that Millrace takes by default; here any free ones are taken and put in their place.
    const env = { ...process.env, NO_COLOR: "1", MILLRACE_HOME: join(folder, "home"), MILLRACE_PORT: "0", MILLRACE_GATEWAY_PORT: "0" };
    const sh = (script: string): Promise<unknown> => promisify(execFile)("sh", ["-ec", `${curl}\n${script}`], { cwd: root, env, timeout: 120_000 });
    try {
      for (const { page, script } of blocks) {
        const addresses = await readFile(join(folder, "home", "run", "server.json"), "utf8").then((text) => JSON.parse(text) as { url: string; gateway: string }, () => undefined);
        const here = script
          .replaceAll("http://127.0.0.1:8080", addresses?.gateway ?? "$&")
          .replaceAll("http://127.0.0.1:5000", addresses?.url ?? "$&")
          .replaceAll("/tmp/", `${folder}/`)
          .replaceAll(/^npx \. /gm, `"${process.execPath}" src/main.ts `);
        await sh(here).catch((error: Error) => {
          throw new Error(`${page}: ${script}\n${error.message}`, { cause: error });
        });
      }
    } finally {
      await sh(`"${process.execPath}" src/main.ts down`);
      await rm(folder, { recursive: true });
    }
  });
});

/** `curl -s URL -H HEADER -d BODY` for machines without it; an answer that is an error is a failure. */
const curl = `curl() { "${process.execPath}" -e '
  const [, url, , header, , body] = process.argv.slice(1);
  const answer = await fetch(url, { method: "POST", headers: [header.split(": ")], body });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
' --input-type=module -- "$@"; }`;

/** The blocks that begin with ```sh run. */
async function runnable(page: string): Promise<{ page: string; script: string }[]> {
  return [...(await read(page)).matchAll(/^```sh run\n([^]*?)^```$/gm)].map(([, script]) => ({ page, script: script }));
}

async function pages(): Promise<string[]> {
  const inDocs = (await readdir(join(root, "docs"), { recursive: true })).filter((file) => file.endsWith(".md")).toSorted();
  return ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "AGENTS.md", "examples/bike-sharing/README.md", "examples/scikit-learn/README.md", ...inDocs.map((file) => `docs/${file}`)];
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
