import type { Command } from "../cli/command.ts";
import { serverOptions } from "./up.ts";

export const runCommand = (program: string): Command => ({
  name: "run",
  summary: "Walks a project once: from its table through training, evaluation and the gate to a model that serves",
  example: "millrace run examples/bike-sharing/millrace.yaml",
  arguments: { "[file]": "the project file (millrace.yaml)" },
  options: serverOptions,
  run: async (...call) => (await import("./walk-project.ts")).walkProject(program)(...call),
});
