import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { resolveSettings } from "../config.ts";
import { invalid } from "../errors.ts";
import { backgroundServer } from "./background-server.ts";
import { serverOptions } from "./up.ts";

/** Brings what another system keeps into a home. The server of that home does the writing: the one that runs, or one that ends with the import. */
export const importCommand = (program: string): Command => ({
  name: "import",
  summary: "Brings experiments, runs, models and artifacts of another system in, with their ids and times; may be stopped and done again",
  example: "millrace import mlflow --from http://127.0.0.1:5001",
  arguments: { "<system>": "what to import from: mlflow" },
  options: {
    "--from <source>": "an MLflow server's address, an mlruns folder, or the SQLite file of MLflow's database",
    "--only <names>": "experiments by name, separated by commas; and the registered models that came from them",
    "--artifacts-destination <dir>": "the folder in which the old server kept mlflow-artifacts: (its --artifacts-destination; mlartifacts beside the source)",
    "--dry-run": "say what would come, and write nothing",
    ...serverOptions,
  },
  run: async ({ settings, say, signal }, [system], options) => {
    if (system !== "mlflow") throw invalid("cli.unknown_system", `Nothing is known of ${system ?? ""}: import from mlflow`);
    if (typeof options["from"] !== "string") throw invalid("cli.no_source", "--from is missing: an MLflow server's address, an mlruns folder, or the SQLite file of MLflow's database");
    const [{ openMlflowSource }, { importMlflow }, { openTarget }, { isWhole, reportText }] = await Promise.all([
      import("../mlflow/import/open-source.ts"), import("../mlflow/import/import-mlflow.ts"), import("../mlflow/import/target.ts"), import("../mlflow/import/report.ts"),
    ]);
    const source = openMlflowSource(options["from"], options["artifactsDestination"] as string | undefined, process.env);
    try {
      const server = await backgroundServer(program, resolveSettings(settings, process.env), { bound: true });
      try {
        const only = typeof options["only"] === "string" ? options["only"].split(",").map((name) => name.trim()).filter((name) => name !== "") : [];
        const report = await importMlflow(source, openTarget(server.address.url, signal), { only, dryRun: options["dryRun"] === true, progress: say });
        return { data: report, text: reportText(report), exitCode: isWhole(report) ? exitCodes.ok : exitCodes.refused };
      } finally {
        await server.stop();
      }
    } finally {
      await source.close();
    }
  },
});
