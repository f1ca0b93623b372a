import type { Command } from "../cli/command.ts";

export const adoptCommand: Command = {
  name: "adopt",
  summary: "Gives a model that somebody registered an evaluation, a reference, a deployment with a watch and, with a recipe, the loop that retrains it",
  example: "millrace adopt prices@champion --data recent.csv --target price --recipe millrace.yaml",
  arguments: { "<model>": "prices, prices/3 or prices@champion" },
  options: {
    "--data <file>": "a table of rows with the target: what the model is judged by, and what later data are held against",
    "--target <column>": "the column that the model predicts",
    "--time <column>": "the column that says when a row happened",
    "--recipe <file>": "a project file (millrace.yaml) whose train says how the model is made; its gate, monitor and deploy count, too. Without one an alarm is an event, and nothing is trained",
    "--python <interpreter>": "the Python that loads the model, where it takes one; the server's when absent",
  },
  run: async (...call) => (await import("./adopt-model.ts")).adoptModelCommand(...call),
};
