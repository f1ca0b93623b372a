import { defineConfig } from "vitest/config";

/** Tests with real clients of other systems, installed from their registries: against a real server. */
export default defineConfig({
  test: {
    include: ["test/clients/**/*.clients.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 900_000,
    reporters: ["default"],
  },
});
