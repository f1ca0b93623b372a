import { defineConfig } from "vitest/config";

/** Tests that need a Chromium (`CHROMIUM`, /usr/bin/chromium): the pages over a real server. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.browser.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: ["default"],
  },
});
