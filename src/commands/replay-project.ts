import type { Command } from "../cli/command.ts";
import { serverOptions } from "./up.ts";

export const replayCommand = (program: string): Command => ({
  name: "replay",
  summary: "Replays a table as production through the real gateway and loop, on a virtual clock, and compares the loop with simpler policies",
  example: "millrace replay millrace.yaml --json",
  arguments: { "[file]": "the project; millrace.yaml when absent. Its data.until is where production begins" },
  options: {
    ...serverOptions,
    "--arrivals <column>": "the column that says when each label came; without it, monitor.label_delay after the row",
    "--fresh": "forget what an earlier replay did in this home folder",
  },
  run: async (...call) => (await import("./take-replay.ts")).takeReplay(program)(...call),
});
