import { execFile } from "node:child_process";
import { cp, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

test("the package has what it needs to train and serve, and no source, tests or tools", { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  // Below node_modules, where Node strips no types: only compiled JavaScript runs there.
  const installed = join(folder, "node_modules", "millrace");
  const { stdout: packed } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
  const files = (JSON.parse(packed) as [{ files: { path: string }[] }])[0].files.map(({ path }) => path);
  const compiled = files.filter((path) => path.startsWith("dist/"));
  const rest = files.filter((path) => !path.startsWith("dist/"));
  for (const path of files) expect(path).not.toMatch(/\.test\.|(?<!\.d)\.tsx?$|fixtures|^(src|test|bench)\/|^bin\/(run|build)\.js$|web\.stamp/);
  expect(rest).toContain("schema/millrace.schema.json");
  expect(compiled.filter((path) => path.endsWith(".map"))).toEqual([]);

  await run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json", "--outDir", join(installed, "dist")], { cwd: root });
  for (const path of rest) {
    await mkdir(dirname(join(installed, path)), { recursive: true });
    await cp(join(root, path), join(installed, path));
  }
  await symlink(join(root, "node_modules"), join(installed, "node_modules"));
  const millrace = (...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, [join(installed, "bin", "millrace.js"), ...args, "--home", join(folder, "home")], { cwd: folder, env: { ...process.env, MILLRACE_PORT: "0", MILLRACE_GATEWAY_PORT: "0" } });
  try {
    const { stdout } = await millrace("run", "--json", join(installed, "examples", "bike-sharing", "millrace.yaml"));
    expect(JSON.parse(stdout)).toMatchObject({ model: "bike-demand", version: 1, gate: { passed: true } });
  } finally {
    await millrace("down");
  }
});
