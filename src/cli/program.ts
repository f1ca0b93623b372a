import { Command as Commander, CommanderError, InvalidArgumentError } from "commander";
import colors from "picocolors";
import type { Settings } from "../config.ts";
import { resolveSettings } from "../config.ts";
import { describeError, MillraceError } from "../errors.ts";
import { ApiError } from "../http/client.ts";
import type { Stage } from "../stage.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { findServer } from "./find-server.ts";

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
};

/** Runs one command line: `top` are the commands of the house itself, the rooms' hang under their names. Returns the exit code. */
export async function runProgram(argv: readonly string[], top: readonly Command[], stages: readonly Pick<Stage, "name" | "purpose" | "commands">[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Commander("millrace")
    .description("ModelOps in one program: data, training, evaluation, registry, serving, monitoring, optimization, and back to data.")
    .showHelpAfterError("(add --help for help)")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(colors.red(text)) });
  const attach = (parent: Commander, command: Command): void => {
    const sub = parent.command(command.name).summary(command.summary).description(command.summary).addHelpText("after", `\nExample:\n  ${command.example}`);
    for (const [name, description] of Object.entries(command.arguments ?? {})) sub.argument(name, description);
    for (const [flags, option] of Object.entries(command.options ?? {})) {
      const { description, default: fallback } = typeof option === "string" ? { description: option, default: undefined } : option;
      if (typeof fallback === "number" || /<n>/.test(flags)) sub.option(flags, description, wholeNumber, fallback as number | undefined);
      else sub.option(flags, description, fallback as string | undefined);
    }
    if (!command.options?.["--home <dir>"]) sub.option("--home <dir>", "where everything is kept (MILLRACE_HOME; .millrace)");
    sub
      .option("--json", "print the result as JSON, and nothing else on standard output")
      .action(async (...args: unknown[]) => {
        const options = args.at(-2) as Record<string, unknown>;
        exitCode = await runCommand(command, args.slice(0, -2).flat().filter((one): one is string => typeof one === "string"), options);
      });
  };
  for (const command of top) attach(program, command);
  for (const stage of stages) {
    if (!stage.commands?.length) continue;
    const room = program.command(stage.name).summary(stage.purpose).description(stage.purpose);
    for (const command of stage.commands) attach(room, command);
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok;
    const message = error.code === "commander.help" ? "A command is missing" : error.message.replace(/^error: /, "");
    if (argv.includes("--json")) process.stdout.write(`${JSON.stringify({ error: { code: "cli.usage", message } })}\n`);
    return exitCodes.usage;
  }
  return exitCode;
}

async function runCommand(command: Command, args: readonly string[], options: Record<string, unknown>): Promise<number> {
  const json = options["json"] === true;
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  // Not `once`: a second signal (the terminal's, then a forwarded one) must not cut off an orderly stop.
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const settings = {
    home: options["home"] as string | undefined,
    database: options["database"] as string | undefined,
    artifacts: options["artifacts"] as string | undefined,
    host: options["host"] as string | undefined,
    port: options["port"] as number | undefined,
    gatewayPort: options["gatewayPort"] as number | undefined,
    logLevel: options["logLevel"] as string | undefined,
    artifactRoot: options["artifactRoot"] as string | undefined,
    python: options["python"] as string | undefined,
    memoryLimit: options["memoryLimit"] as string | undefined,
    backup: options["backup"] as string | undefined,
    backupEvery: options["backupEvery"] as string | undefined,
    backupKeep: options["backupKeep"] as string | undefined,
  };
  const context: CommandContext = {
    settings,
    json,
    server: () => findServer(resolved(settings)),
    say: (line) => void process.stderr.write(`${line}\n`),
    signal: interrupt.signal,
  };
  try {
    const result = await command.run(context, args, options);
    const text = json ? JSON.stringify(result.data) : result.text;
    if (text !== "") await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
    return result.exitCode ?? exitCodes.ok;
  } catch (error) {
    if (interrupt.signal.aborted && !(error instanceof MillraceError)) return exitCodes.interrupted;
    const known = error instanceof MillraceError || error instanceof ApiError;
    const message = known ? describeError(error) : error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (json) process.stdout.write(`${JSON.stringify({ error: { code: known ? error.code : "internal", message, ...(known && error.details ? { details: error.details } : {}) } })}\n`);
    else process.stderr.write(`${colors.red("error")} ${message}\n`);
    return exitCodeOf(error);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

const resolved = (settings: CommandContext["settings"]): Settings => resolveSettings(settings, process.env);
