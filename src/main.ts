import { fileURLToPath } from "node:url";
import { runProgram } from "./cli/program.ts";
import { commandNames, topCommands } from "./commands.ts";
import { endWithParent } from "./end-with-parent.ts";
import { stepsOf } from "./house.ts";
import { serveTasks } from "./pipelines/worker.ts";
import { stages } from "./stages.ts";

endWithParent();

const [first, ...rest] = process.argv.slice(2);

if (first === "worker") {
  serveTasks(stepsOf(stages), rest[0]);
} else {
  const program = fileURLToPath(import.meta.url);
  process.exitCode = await runProgram(process.argv.slice(2), topCommands(program), commandNames(stages));
  // What a command leaves open (an idle connection) does not keep it alive; what it printed has been flushed.
  process.exit();
}
