import { defineConfig } from "vitest/config";

/** Long stories against real servers: many crashes, many requests. */
export default defineConfig({
  test: {
    include: ["test/endurance/**/*.endurance.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 900_000,
    reporters: ["default"],
  },
});
