import type { Command } from "../cli/command.ts";
import { serverOptions } from "./up.ts";

export const tourCommand = (program: string): Command => ({
  name: "tour",
  summary: "Shows the whole loop on bike rentals: trains, serves, replays two years, retrains by itself, and compares (what `npm start` runs)",
  example: "millrace tour --exit",
  options: {
    ...serverOptions,
    "--exit": "stop everything at the end instead of staying up",
    "--fresh": "forget what an earlier tour did in this home folder",
  },
  run: async (...call) => (await import("./take-tour.ts")).takeTour(program)(...call),
});
