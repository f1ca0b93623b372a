import { defineConfig } from "vitest/config";

/** Tests with real clients that install or run for minutes: other generations, other languages, deep learning. */
export default defineConfig({
  test: {
    include: ["test/clients/**/*.clients-slow.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 1_200_000,
    reporters: ["default"],
  },
});
