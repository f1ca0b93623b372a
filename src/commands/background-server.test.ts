import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killGatewayOf, millrace, startMillrace } from "../../test/running-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

test("a command that starts the server of a home in the background leaves nothing there that others may read", async () => {
  const home = join(await temporaryFolder(), "home");
  await (await startMillrace(home)).kill();
  await killGatewayOf(home);
  const fixture = join(import.meta.dirname, "../mlflow/import/fixtures/mlruns");
  expect((await millrace(["import", "mlflow", "--from", fixture, "--home", home])).code).toBe(0);
  const open: string[] = [];
  for (const name of await readdir(home, { recursive: true })) if ((((await stat(join(home, name)).catch(() => undefined))?.mode ?? 0) & 0o077) !== 0) open.push(name);
  expect([(await stat(join(home, "logs", "server.log"))).isFile(), open]).toEqual([true, []]);
  expect((await millrace(["down", "--home", home])).code).toBe(0);
});
