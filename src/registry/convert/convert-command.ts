import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../cli/command.ts";
import { invalid, MillraceError } from "../../errors.ts";
import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../routes.ts";
import { compareGraph, type Compared, type Fault } from "./compare-graph.ts";
import { convertible, convertModel, type Candidate, type Made } from "./convert-model.ts";
import { downloadFiles } from "./download-files.ts";

/** float32 instead of float64 costs about 1e-7 of a number, and 2e-5 where thousands are added (Gaussian processes). */
const defaultTolerance = 0.0001;

export const convertCommand: Command = {
  name: "convert",
  summary:
    "Converts a version of scikit-learn, LightGBM, XGBoost or CatBoost to ONNX in a Python of yours, compares every output on the input example and on made-up rows, and registers it as a new version. Loads the model's pickle on this machine: only for models you trust",
  example: "millrace models convert iris 3 --python .venv/bin/python",
  arguments: { "<model>": "the model's name", "<version>": "its number" },
  options: {
    "--to <format>": { description: "only onnx", default: "onnx" },
    "--python <path>": { description: "a Python with scikit-learn, pandas and skl2onnx (onnxmltools for LightGBM and XGBoost), and what the model needs", default: "python3" },
    "--tolerance <share>": { description: "the greatest difference of a number, as a share of itself or of the greatest answer to the example, whichever is greater; of probabilities as it is", default: defaultTolerance },
    "--made-rows <which>": { description: "which rows are made up beside the example: all, or near (no numbers far beyond those of the example)", default: "all" },
  },
  run: async ({ server, say, signal }, [name = "", number], options) => {
    if (options["to"] !== "onnx") throw invalid("cli.usage", `--to may be onnx, got ${String(options["to"])}`);
    const tolerance = Number(options["tolerance"]);
    if (!(tolerance >= 0)) throw invalid("cli.usage", `--tolerance must be a number of 0 or more, got ${String(options["tolerance"])}`);
    const rows = String(options["madeRows"]);
    if (rows !== "all" && rows !== "near") throw invalid("cli.usage", `--made-rows may be all or near, got ${rows}`);
    const base = await server();
    const api = client<RegistryRoutes>(base, "registry");
    const params = { name, version: Number(number) };
    const evidence = await api("GET /models/:name/versions/:version/evidence", { params });
    if (!convertible.some((flavor) => evidence.format?.flavors[flavor])) {
      throw invalid("registry.not_convertible", `Version ${number} of ${name} is no scikit-learn, LightGBM, XGBoost or CatBoost model of MLflow's: its MLmodel ${evidence.format ? `names ${Object.keys(evidence.format.flavors).join(", ")}` : "is not there"}`);
    }
    const folder = await mkdtemp(join(tmpdir(), "millrace-convert-"));
    try {
      await downloadFiles(base, evidence, join(folder, "model"));
      const graphs = join(folder, "graphs");
      await mkdir(graphs);
      const python = String(options["python"]);
      say(`Loading the model in ${python} …`);
      const made = await convertModel(python, evidence, join(folder, "model"), graphs, rows === "all", signal);
      say(`Comparing ${made.candidates.length === 1 ? "the graph" : `${made.candidates.length} graphs`} on ${made.rows.length} rows …`);
      const { candidate, compared } = await firstThatAgrees(made, tolerance);
      const onnx = (await readFile(candidate.file)).toString("base64");
      const { version } = await api("POST /models/:name/versions/:version/conversions", { params, body: { onnx, versions: made.versions, compared: { ...compared, mended: [...compared.mended] } } });
      return { data: { model: name, version, compared, ...told(made) }, text: [`Version ${version} of ${name} is the ONNX graph of version ${number}.`, ...sentences(compared, made)].join("\n") };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The first of the graphs that answers like the model. Throws `registry.conversion_differs` with where the best of them does not. */
export async function firstThatAgrees(made: Made, tolerance: number): Promise<{ readonly candidate: Candidate; readonly compared: Compared }> {
  let least: Fault | undefined;
  for (const candidate of made.candidates) {
    const outcome = await compareGraph(candidate, made, tolerance);
    if ("share" in outcome) return { candidate, compared: outcome };
    if (least === undefined || outcome.rows < least.rows) least = outcome;
  }
  const makers = Object.entries(made.versions).filter(([name]) => ["skl2onnx", "onnxmltools", "catboost"].includes(name));
  const advice = [
    ...made.suspects,
    ...(made.suspects.length > 0 ? [] : [`It was made by ${makers.map((maker) => maker.join(" ")).join(" and ")}: another version may be right, and a gateway with --python serves the model as it is`]),
    ...(least?.extreme ? ["Only numbers far beyond the example differ: --made-rows near leaves such rows out"] : []),
  ];
  throw new MillraceError("registry.conversion_differs", 422, `The ONNX graph does not answer like the model: ${least?.sentence ?? "there is none"} (tolerance ${tolerance}). Nothing was registered. ${advice.join(". ")}`);
}

/** What was not compared, for programs. */
const told = ({ refused, left }: Made): object => ({ refusedByModel: refused, leftOut: left });

function sentences({ rows, made, difference, share, differentLabels, refused, rounded, mended }: Compared, all: Made): string[] {
  const example = rows === 0 ? "It has no input example: it was compared" : `Compared over the ${rows} rows of its input example and`;
  return [
    `${example} on ${made} made rows: the greatest difference is ${short(share)} of the number (${short(difference)} ${rows === 0 ? "at most" : "on the example"}).`,
    ...mended.map((what) => `Mended: ${what}.`),
    ...(differentLabels > 0 ? [`${differentLabels} rows got another label: the model's own scores for the two are equal but for rounding.`] : []),
    ...(rounded > 0 ? [`The graph takes float32: ${rounded} rows of the example are answered otherwise by the model itself when their numbers are rounded so.`] : []),
    ...(refused > 0 ? [`${refused} made rows were not compared, because the model itself refuses them: ${Object.keys(all.refused).slice(0, 3).join("; ")}.`] : []),
    ...(all.left > 0 ? [`${all.left} made rows were left out because the table is wide.`] : []),
  ];
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
