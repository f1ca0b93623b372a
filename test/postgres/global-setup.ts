import { startPostgres } from "./start-postgres.ts";

/** One PostgreSQL server for the whole suite, told to the tests by `MILLRACE_TEST_DATABASE`. */
export async function setup(): Promise<() => Promise<void>> {
  const { url, stop } = await startPostgres();
  process.env["MILLRACE_TEST_DATABASE"] = url;
  return stop;
}
