import type { Command } from "../cli/command.ts";
import { serverOptions } from "./up.ts";

export const checkCommand = (program: string): Command => ({
  name: "check",
  summary: "Trains a project's model and judges it beside the champion, or beside the model of another commit, for a CI: nothing is registered or deployed; ends with 0 where the gate lets it pass, with 3 where it does not",
  example: "millrace check millrace.yaml --against origin/main --report report",
  arguments: { "[file]": "the project file (millrace.yaml)" },
  options: {
    ...serverOptions,
    "--against <commit>": "a commit, branch or tag of this Git repository: its project is trained, too, on the same rows, and takes the place of the champion",
    "--report <dir>": "a folder for check.html (one self-contained page), check.md (for a pull request) and check.xml (JUnit)",
  },
  run: async (...call) => (await import("./check-project.ts")).checkProject(program)(...call),
});
