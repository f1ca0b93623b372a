import { fileURLToPath } from "node:url";
import { runProgram } from "./cli/program.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { endWithParent } from "./end-with-parent.ts";
import { outliveReaders } from "./serving/gateway/closed-output.ts";

outliveReaders();
endWithParent();

const [first, ...rest] = process.argv.slice(2);

// Each way in loads what it needs: a gateway alone is ready before the control plane's modules would be loaded.
if (first === "gateway") {
  process.exitCode = await runProgram(process.argv.slice(2), [gatewayCommand], []);
  process.exit();
}

const [{ stages }, { stepsOf }] = await Promise.all([import("./stages.ts"), import("./house.ts")]);
if (first === "worker") {
  const { serveTasks } = await import("./pipelines/worker.ts");
  serveTasks(stepsOf(stages), rest[0], rest[1]);
} else {
  const { commandNames, topCommands } = await import("./commands.ts");
  const program = fileURLToPath(import.meta.url);
  process.exitCode = await runProgram(process.argv.slice(2), topCommands(program), commandNames(stages));
  // What a command leaves open (an idle connection) does not keep it alive; what it printed has been flushed.
  process.exit();
}
