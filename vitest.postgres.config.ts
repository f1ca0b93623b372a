import { defineConfig } from "vitest/config";

/** The tests that touch a database, on PostgreSQL instead of SQLite, and those of two servers on one; needs Debian's package postgresql. */
export default defineConfig({
  test: {
    include: [
      "test/postgres/**/*.postgres.ts",
      "src/storage/{audit,claim-artifacts,database,group-commit,insert-rows,like,migrations,transactions}.test.ts",
      "src/{tracking,registry,mlflow,monitoring,pipelines}/**/*.test.ts",
      "test/{stages,first-run,loop,crash,collect-garbage}.test.ts",
    ],
    globalSetup: ["test/postgres/global-setup.ts"],
    setupFiles: ["test/repeatable-properties.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
