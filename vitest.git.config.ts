import { defineConfig } from "vitest/config";

/** What works with Git: triggers on repositories and web hooks, verdicts on commits, `millrace check --against`. Takes the program `git`. */
export default defineConfig({
  test: {
    include: ["test/git/**/*.git.ts"],
    setupFiles: ["test/repeatable-properties.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ["default"],
  },
});
