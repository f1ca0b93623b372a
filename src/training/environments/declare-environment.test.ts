import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openFolderBlobs } from "../../storage/folder-blobs.ts";
import { declareEnvironment } from "./declare-environment.ts";
import { explainInstall } from "./explain-install.ts";
import { findPython } from "./find-python.ts";
import { fits } from "./python-versions.ts";

async function declare(declared: string, files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const blobs = openFolderBlobs(join(folder, "artifacts"));
  const environment = await declareEnvironment(declared, folder, blobs);
  const text = environment.files.length === 0 ? "" : (await blobs.get(environment.files[0].sha256)).toString();
  return { ...environment, paths: environment.files.map(({ path }) => path), text, folder };
}

describe("what train.python may name", () => {
  test("a list of requirements, with the lists, wheels and folders of wheels that it names beside it", async () => {
    const { kind, paths } = await declare("env/requirements.txt", {
      "env/requirements.txt": "# ours\n-r more/base.txt\n--constraint=pins.txt\n--find-links wheels\nnumpy>=1.26 \\\n  ; python_version > '3.8'\n./own-1.0-py3-none-any.whl\ngit+https://example.org/x@abc\nmy @ https://example.org/my.whl\n--index-url https://example.org/simple\n",
      "env/more/base.txt": "pandas\n",
      "env/pins.txt": "numpy==2.0\n",
      "env/wheels/a-1-py3-none-any.whl": "a",
      "env/wheels/notes.md": "not a package",
      "env/own-1.0-py3-none-any.whl": "own",
    });
    expect(kind).toBe("requirements.txt");
    expect(paths).toEqual(["requirements.txt", "more/base.txt", "pins.txt", "wheels/a-1-py3-none-any.whl", "own-1.0-py3-none-any.whl"]);
  });

  test("a project: its dependencies and the Python it is for", async () => {
    expect(await declare("pyproject.toml", { "pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["numpy>=1", "pandas"]\n' })).toMatchObject({ kind: "pyproject.toml", requires: ">=3.10", text: "numpy>=1\npandas\n", paths: ["requirements.txt", "pyproject.toml"] });
  });

  test("a file of conda that asks for a Python and packages of pip", async () => {
    expect(await declare("environment.yml", { "environment.yml": "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - pip\n  - pip: [numpy==1.26.4, pandas]\n" })).toMatchObject({ kind: "environment.yml", requires: "==3.11.*", text: "numpy==1.26.4\npandas\n" });
  });

  test("a lock with the project beside it, a Python, an environment's folder, the one that is found", async () => {
    const lock = { "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "x"\nversion = "1"\nsource = { virtual = "." }\n', "pyproject.toml": "[project]\n" };
    expect(await declare("uv.lock", lock)).toMatchObject({ kind: "uv.lock", requires: ">=3.11", paths: ["uv.lock", "pyproject.toml"] });
    const found = await declare("venv", { "venv/bin/python": "" });
    expect(found).toMatchObject({ kind: "interpreter", interpreter: join(found.folder, "venv", "bin", "python"), paths: [] });
    expect(await declare(process.execPath, {})).toMatchObject({ kind: "interpreter", interpreter: process.execPath });
    expect(await declare("local", {})).toMatchObject({ kind: "local", paths: [] });
  });

  test.each<[string, string, Record<string, string>, string, RegExp]>([
    ["a file that is not there", "requirments.txt", {}, "environment_not_found", /requirments\.txt is not there; it may be requirements\.txt, pyproject\.toml/],
    ["a folder without a Python", "lib", { "lib/x.py": "" }, "environment_not_found", /holds no bin\/python/],
    ["a file of another tool", "Pipfile.lock", { "Pipfile.lock": "{}" }, "environment_not_understood", /Pipfile\.lock, which is not understood/],
    ["an editable install", "r.txt", { "r.txt": "numpy\n-e .\n" }, "environment_not_understood", /^r\.txt:2: "-e \." cannot be made again .* editable/],
    ["a folder of source", "r.txt", { "r.txt": "./lib\n", "lib/setup.py": "" }, "environment_not_understood", /a folder of source/],
    ["a place on this machine", "r.txt", { "r.txt": "x @ file:///opt/x.whl\n" }, "environment_not_understood", /a place on this machine/],
    ["a list that is not there", "r.txt", { "r.txt": "-rbase.txt\n" }, "environment_not_found", /r\.txt:1 names base\.txt, which is not there/],
    ["packages of conda", "environment.yml", { "environment.yml": "dependencies: [python=3.11, numpy=1.26, conda-forge::xgboost]\n" }, "environment_not_understood", /numpy=1\.26, conda-forge::xgboost are packages of conda, which Millrace does not call.*micromamba create/],
    ["parts of a conda file that are not known", "e.yaml", { "e.yaml": "variables: {A: b}\ndependencies: [python]\n" }, "environment_not_understood", /variables is not understood/],
    ["dependencies that only a build tells", "pyproject.toml", { "pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n' }, "environment_not_understood", /dynamic/],
    ["Poetry's own way", "pyproject.toml", { "pyproject.toml": "[tool.poetry.dependencies]\nnumpy = '*'\n" }, "environment_not_understood", /Poetry's own way/],
    ["sources of uv without its lock", "pyproject.toml", { "pyproject.toml": '[project]\nname = "x"\ndependencies = ["y"]\n[tool.uv.sources]\ny = { path = "../y" }\n' }, "environment_not_understood", /where y come from, which uv alone knows/],
    ["a lock with folders of this machine", "uv.lock", { "uv.lock": 'version = 1\n[[package]]\nname = "y"\nsource = { editable = "../y" }\n', "pyproject.toml": "" }, "environment_not_understood", /"y" comes from "\.\.\/y", a place on this machine/],
    ["a lock without its project", "uv.lock", { "uv.lock": "version = 1\n" }, "environment_not_found", /no pyproject\.toml beside it/],
  ])("refused: %s", async (_, declared, files, code, message) => {
    await expect(declare(declared, files)).rejects.toMatchObject({ code: `training.${code}`, message: expect.stringMatching(message) as string });
  });
});

test.each([
  ["3.11.7", ">=3.10,<3.13", true],
  ["3.9.1", ">=3.10", false],
  ["3.11.7", "==3.11.*", true],
  ["3.12.0", "==3.11.*", false],
  ["3.11.7", "~=3.10", true],
  ["3.11.7", "~=3.10.2", false],
  ["3.11.0", "==3.11", true],
  ["3.10.0", "!=3.10.*", false],
])("Python %s and %s: %s", (version, asked, expected) => expect(fits(version, asked)).toBe(expected));

test("without a Python, or without one of the versions asked for, it says what there is and what to do", async () => {
  const folder = await temporaryFolder();
  await expect(findPython({ declared: "requirements.txt" }, { PATH: folder })).rejects.toMatchObject({ code: "training.python_not_found", message: expect.stringContaining("there is no Python on the PATH of the server") as string });
  await expect(findPython({ declared: "x", interpreter: join(folder, "python") }, {})).rejects.toMatchObject({ code: "training.python_not_found", message: expect.stringContaining("ENOENT") as string });
  const facts = { executable: "/p", version: "3.8.1", implementation: "CPython", platform: "linux-x86_64", prefix: "/", virtual: false, packages: [] };
  await writeFile(join(folder, "python3"), `#!/bin/sh\necho '${JSON.stringify(facts)}'\n`);
  await chmod(join(folder, "python3"), 0o755);
  await expect(findPython({ declared: "pyproject.toml", requires: ">=3.10" }, { PATH: folder })).rejects.toMatchObject({ code: "training.python_version", message: expect.stringMatching(/asks for Python >=3\.10, and on the PATH of the server .*python3 is 3\.8\.1/) as string });
});

test.each([
  ["no_network", "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip>: Failed to establish a new connection: [Errno 101] Network is unreachable')': /simple/x/\nERROR: Could not find a version that satisfies the requirement x (from versions: none)\nERROR: No matching distribution found for x"],
  ["no_network", "error: Request failed after 3 retries\n  Caused by: Failed to fetch: `https://example.org/simple/x/`\n  Caused by: error sending request for url\n  Caused by: client error (Connect)"],
  ["package_not_found", "ERROR: Could not find a version that satisfies the requirement nosuch (from versions: none)\nERROR: No matching distribution found for nosuch"],
  ["package_not_found", "  × No solution found when resolving dependencies:\n  ╰─▶ Because nosuch was not found in the package registry and you require nosuch, we can conclude that your requirements are unsatisfiable."],
  ["version_conflict", "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io"],
  ["no_wheel", "  error: subprocess-exited-with-error\n  ERROR: Failed building wheel for x\nERROR: Failed to build installable wheels for some pyproject.toml based projects (x)"],
  ["python_version", "ERROR: Ignored the following versions that require a different python version: 2.0 Requires-Python >=3.13\nERROR: No matching distribution found for x==2.0"],
  ["tool_not_found", "The virtual environment was not created successfully because ensurepip is not available."],
  ["disk_full", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"],
  ["install_failed", "something else"],
])("an installer that did not end well: %s", (code, tail) => {
  const wrong = explainInstall("requirements.txt", "pip install", { code: 1, signal: null, timedOut: false, outOfMemory: false, tail, seconds: 1 }, null);
  expect(wrong).toMatchObject({ code: `training.${code}`, message: expect.stringContaining(tail.split("\n").at(-1)!.trim()) as string });
});
