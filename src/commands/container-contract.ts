import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "../errors.ts";

/** What the platform that runs a container wants, for whatever the command line leaves open. */
export interface ContainerContract {
  readonly platform: "SageMaker" | "Vertex AI" | "Azure ML";
  readonly host: string;
  readonly port?: number;
  /** "off", or a port. */
  readonly grpcPort?: string;
  /** A folder with one model, which is served as `model`. */
  readonly model?: string;
  /** A folder of models. */
  readonly repository?: string;
  /** Folders from which clients may load. */
  readonly places?: readonly string[];
  readonly defaultModel?: string;
  readonly multiModel?: boolean;
  readonly vertexRoutes?: { readonly predict: string; readonly health: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

const sagemakerFolder = "/opt/ml/model";
const sagemakerModels = "/opt/ml/models";

/**
 * Reads the platform's variables; undefined outside of such a container. `serve` is SageMaker's argument (`docker run IMAGE serve`).
 * `named` says that the command line names models itself. `root` is put before SageMaker's fixed paths.
 */
export async function containerContract(env: Environment, { serve, named, root = "" }: { serve: boolean; named: boolean; root?: string }): Promise<ContainerContract | undefined> {
  if (env["AIP_HTTP_PORT"] !== undefined || env["AIP_PREDICT_ROUTE"] !== undefined || env["AIP_HEALTH_ROUTE"] !== undefined) return vertexAi(env, named);
  if (env["AZUREML_MODEL_DIR"] !== undefined) {
    return { platform: "Azure ML", host: "0.0.0.0", ...(!named && (await modelsAt(env["AZUREML_MODEL_DIR"], "AZUREML_MODEL_DIR"))) };
  }
  if (!serve && env["SAGEMAKER_BIND_TO_PORT"] === undefined && env["SAGEMAKER_MULTI_MODEL"] === undefined) return undefined;
  const port = portIn(env, "SAGEMAKER_BIND_TO_PORT");
  const multiModel = env["SAGEMAKER_MULTI_MODEL"]?.toLowerCase() === "true";
  const defaultModel = env["SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"];
  return {
    platform: "SageMaker",
    host: "0.0.0.0",
    ...(port !== undefined && { port }),
    grpcPort: safePort(env, port ?? 8080),
    ...(multiModel ? { multiModel, places: [root + sagemakerModels] } : !named && (await modelsAt(root + sagemakerFolder, "SageMaker's model folder"))),
    ...(defaultModel !== undefined && { defaultModel }),
  };
}

async function vertexAi(env: Environment, named: boolean): Promise<ContainerContract> {
  const port = portIn(env, "AIP_HTTP_PORT");
  const { AIP_PREDICT_ROUTE: predict, AIP_HEALTH_ROUTE: health, AIP_STORAGE_URI: storage } = env;
  if ((predict === undefined) !== (health === undefined)) {
    throw invalid("serving.container", `${predict === undefined ? "AIP_PREDICT_ROUTE" : "AIP_HEALTH_ROUTE"} is not set; Vertex AI sets both.`);
  }
  if (!named && storage !== undefined && /^[a-z]+:\/\//i.test(storage)) {
    throw invalid("serving.container", `AIP_STORAGE_URI is ${storage}, and models are not fetched from there: put the model into the image, or mount the bucket, and name its folder with --model or --model-repository.`);
  }
  return {
    platform: "Vertex AI",
    host: "0.0.0.0",
    ...(port !== undefined && { port }),
    grpcPort: "off",
    ...(predict !== undefined && health !== undefined && { vertexRoutes: { predict, health } }),
    ...(!named && storage !== undefined && (await modelsAt(storage, "AIP_STORAGE_URI"))),
  };
}

function portIn(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535) return Number(text);
  throw invalid("serving.container", `${name} is "${text}"; it must be a port from 1 to 65535.`);
}

/** The first port that SageMaker leaves free beside the one it asks at, "off" where it names none. */
function safePort(env: Environment, taken: number): string {
  const range = env["SAGEMAKER_SAFE_PORT_RANGE"];
  if (range === undefined) return "off";
  const [first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(range)?.slice(1).map(Number) ?? [];
  if (first === undefined || first > last) throw invalid("serving.container", `SAGEMAKER_SAFE_PORT_RANGE is "${range}"; it must be FIRST-LAST.`);
  const port = first === taken ? first + 1 : first;
  return port <= last ? String(port) : "off";
}

/** A folder with a model in it or with its versions is that model; one of other folders is a repository of models. */
async function modelsAt(folder: string, called: string): Promise<{ readonly model: string } | { readonly repository: string }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) throw invalid("serving.container", `${called} is ${folder}, which cannot be read as a folder.`);
  const visible = entries.filter(({ name }) => !name.startsWith("."));
  if (visible.length === 0) throw invalid("serving.container", `${called} (${folder}) is empty; it must hold a model, or a folder per model.`);
  const model = existsSync(join(folder, "MLmodel")) || visible.some((entry) => !entry.isDirectory() && /\.(onnx|graph\.ya?ml|graph\.json)$/.test(entry.name)) || visible.every((entry) => entry.isDirectory() && /^\d+$/.test(entry.name));
  return model ? { model: folder } : { repository: folder };
}
