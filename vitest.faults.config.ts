import { defineConfig } from "vitest/config";

/**
 * The table of faults (docs/faults.md) where it takes more than Node: disks that fill up (mount, as root), clocks that are set (Debian's libfaketime), processes that
 * are killed at named points and at random. Linux.
 */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.faults.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["default"],
  },
});
