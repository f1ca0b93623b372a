import type { Command } from "./cli/command.ts";
import { adoptCommand } from "./commands/adopt.ts";
import { backupCommand } from "./commands/backup.ts";
import { checkCommand } from "./commands/check.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downCommand } from "./commands/down.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { gcCommand } from "./commands/gc.ts";
import { importCommand } from "./commands/import.ts";
import { initCommand } from "./commands/init.ts";
import { predictCommand } from "./commands/predict.ts";
import { replayCommand } from "./commands/replay-project.ts";
import { restoreCommand } from "./commands/restore.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { runCommand } from "./commands/run.ts";
import { tourCommand } from "./commands/tour.ts";
import { upCommand } from "./commands/up.ts";
import { triggerCommands } from "./pipelines/triggers/commands.ts";
import type { Stage } from "./stage.ts";

/** The commands of the house itself. `program` is the file that runs them, for the processes they start. */
export const topCommands = (program: string): readonly Command[] => [upCommand, downCommand(), gatewayCommand, initCommand, runCommand(program), replayCommand(program), predictCommand, checkCommand(program), adoptCommand, rollbackCommand, importCommand(program), tourCommand(program), gcCommand, doctorCommand, backupCommand, restoreCommand];

/** What people call the rooms on the command line, where that is another word than the room's. */
const names: Readonly<Record<string, string>> = { tracking: "runs", registry: "models", serving: "deployments", monitoring: "monitors", optimization: "loops" };

export const commandNames = (stages: readonly Stage[]): readonly Pick<Stage, "name" | "purpose" | "commands">[] => [
  ...stages.map(({ name, purpose, commands }) => ({ name: names[name] ?? name, purpose, ...(commands ? { commands } : {}) })),
  { name: "triggers", purpose: "What starts a project's pipeline by itself: times, changed data, commits, versions, pipelines, alarms, and whoever asks", commands: triggerCommands },
];
