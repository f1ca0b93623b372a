import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../cli/command.ts";
import { invalid, MillraceError } from "../../errors.ts";
import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../routes.ts";
import { comparePredictions } from "./compare-predictions.ts";
import { downloadFiles } from "./download-files.ts";
import { convertSklearn } from "./run-python.ts";

/** Relative to the greatest prediction: float32 instead of float64 costs about 1e-7. */
const defaultTolerance = 0.001;

export const convertCommand: Command = {
  name: "convert",
  summary: "Converts a scikit-learn version to ONNX in a Python of yours, compares the predictions, and registers it as a new version. Loads the model's pickle on this machine: only for models you trust",
  example: "millrace models convert iris 3 --python .venv/bin/python",
  arguments: { "<model>": "the model's name", "<version>": "its number" },
  options: {
    "--to <format>": { description: "only onnx", default: "onnx" },
    "--python <path>": { description: "a Python with scikit-learn and skl2onnx, and what the model needs", default: "python3" },
    "--tolerance <share>": { description: "the greatest difference of a prediction, as a share of the greatest prediction", default: defaultTolerance },
  },
  run: async ({ server, say, signal }, [name = "", number], options) => {
    if (options["to"] !== "onnx") throw invalid("cli.usage", `--to may be onnx, got ${String(options["to"])}`);
    const tolerance = Number(options["tolerance"]);
    if (!(tolerance >= 0)) throw invalid("cli.usage", `--tolerance must be a number of 0 or more, got ${String(options["tolerance"])}`);
    const base = await server();
    const api = client<RegistryRoutes>(base, "registry");
    const params = { name, version: Number(number) };
    const evidence = await api("GET /models/:name/versions/:version/evidence", { params });
    if (!evidence.format?.flavors["sklearn"]) {
      throw invalid("registry.not_convertible", `Version ${number} of ${name} is no scikit-learn model of MLflow's: its MLmodel ${evidence.format ? `names ${Object.keys(evidence.format.flavors).join(", ")}` : "is not there"}`);
    }
    const folder = await mkdtemp(join(tmpdir(), "millrace-convert-"));
    try {
      await downloadFiles(base, evidence, join(folder, "model"));
      const graph = join(folder, "model.onnx");
      const python = String(options["python"]);
      say(`Loading the model in ${python} …`);
      const made = await convertSklearn(python, evidence, join(folder, "model"), graph, signal);
      const compared = await comparePredictions(graph, made);
      if (compared && (compared.differentLabels > 0 || !(compared.share <= tolerance))) {
        throw new MillraceError("registry.conversion_differs", 422, `The ONNX graph does not answer like the model: over ${compared.rows} rows the greatest difference is ${Number(compared.difference.toPrecision(3))}, ${Number(compared.share.toPrecision(3))} of the greatest prediction (tolerance ${tolerance}); labels that differ: ${compared.differentLabels}. Nothing was registered`);
      }
      const onnx = (await readFile(graph)).toString("base64");
      const { version } = await api("POST /models/:name/versions/:version/conversions", { params, body: { onnx, versions: made.versions, compared } });
      const found = compared ? `Over the ${compared.rows} rows of its input example the greatest difference of a prediction is ${Number(compared.difference.toPrecision(3))}.` : "It has no input example: the predictions were not compared.";
      return { data: { model: name, version, compared }, text: `Version ${version} of ${name} is the ONNX graph of version ${number}. ${found}` };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
