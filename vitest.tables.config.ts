import { defineConfig } from "vitest/config";

/** What is decided of real tables, from packages of PyPI. */
export default defineConfig({
  test: {
    include: ["test/tables/**/*.tables.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 900_000,
    reporters: ["default"],
  },
});
