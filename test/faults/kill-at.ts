import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";

/*
 * Loaded into every process of a test with `--import`: the one whose command line holds KILL_IN ends itself by SIGKILL at the point that KILL_AT (a regular
 * expression) names, such as `before rename \S+/artifacts/`, `after sql commit`, when it has come to it KILL_AFTER times before, and, where KILL_SINCE
 * names another point, since it has passed that one. KILL_NOTE is a file that says that it did.
 */
const { KILL_AT: at, KILL_IN: within = "", KILL_AFTER: after = "0", KILL_SINCE: since = "", KILL_NOTE: note } = process.env;

if (at !== undefined && process.argv.join(" ").includes(within)) {
  const point = new RegExp(at);
  const { writeFileSync } = fs;
  let before = Number(after);
  let begun = since === "";
  const pass = (what: string): void => {
    begun ||= new RegExp(since).test(what);
    if (!begun || !point.test(what) || before-- > 0) return;
    if (note !== undefined) writeFileSync(note, what);
    process.kill(process.pid, "SIGKILL");
    // Nothing more is done until the signal is here.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };

  const around = <Args extends unknown[], Result>(name: string, act: (...args: Args) => Promise<Result>, told: (args: Args) => string) => async (...args: Args): Promise<Result> => {
    pass(`before ${name} ${told(args)}`);
    const done = await act(...args);
    pass(`after ${name} ${told(args)}`);
    return done;
  };
  const texts = (args: readonly unknown[]): string => args.filter((one) => typeof one === "string").join(" ");
  for (const name of ["rename", "link", "copyFile", "rm", "unlink", "readFile", "writeFile", "mkdir"] as const) {
    const target = promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    target[name] = around(name, target[name].bind(promises), texts);
  }
  const open = promises.open.bind(promises);
  promises.open = async (path, ...rest): Promise<FileHandle> => {
    const handle = await open(path, ...rest);
    handle.sync = around("sync", handle.sync.bind(handle), () => String(path));
    return handle;
  };
  syncBuiltinESMExports();

  // Called with their databases below.
  // eslint-disable-next-line typescript/unbound-method
  const { exec, prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    pass(`before sql ${sql}`);
    exec.call(this, sql);
    pass(`after sql ${sql}`);
  };
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string, ...rest: []) {
    const statement = prepare.call(this, sql, ...rest);
    const run = statement.run.bind(statement) as (...args: unknown[]) => ReturnType<typeof statement.run>;
    statement.run = (...args: unknown[]) => {
      pass(`before sql ${sql}`);
      const done = run(...args);
      pass(`after sql ${sql}`);
      return done;
    };
    return statement;
  };
}
