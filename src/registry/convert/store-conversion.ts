import { randomUUID } from "node:crypto";
import { parse, stringify } from "yaml";
import { conflict, invalid } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { transact } from "../../storage/transactions.ts";
import { storeFile } from "../../tracking/files.ts";
import { createLoggedModel, finishLoggedModel, readLoggedModel } from "../../tracking/logged-models.ts";
import { insertLineage } from "../../tracking/tracking.ts";
import { madeBy, readEvidence } from "../evidence.ts";
import { describeOnnx } from "../onnx-facts.ts";
import { folderOf, readSmallFile } from "../version-files.ts";
import { createVersion, readVersion } from "../versions.ts";
import type { Compared } from "./compare-graph.ts";

export interface Conversion {
  readonly model: string;
  readonly version: number;
  readonly onnx: Uint8Array;
  /** With which versions of what it was made. */
  readonly versions: Readonly<Record<string, string>>;
  readonly compared: Compared | null;
  readonly actor: string;
}

/**
 * Keeps an ONNX graph that was made of a version as a logged model and as the next version of the same registered model, `derived_from` the one it was made of; MLflow's
 * clients load it as any other. Nothing of it is run. Throws `registry.not_onnx`, `registry.files_elsewhere`.
 */
export async function storeConversion(house: House, { model, version, onnx, versions, compared, actor }: Conversion): Promise<number> {
  const source = await readVersion(house.db, model, version);
  const { files } = await readEvidence(house, model, version);
  const { run, logged } = await madeBy(house, source);
  const graph = await house.blobs.put(onnx);
  const facts = await describeOnnx(await house.blobs.localPath(graph.sha256));
  if (typeof facts === "string") throw invalid("registry.not_onnx", facts);
  const signature = signatureText(await readSmallFile(house, files, "MLmodel"));
  const id = `m-${randomUUID().replaceAll("-", "")}`;
  const contents = [
    ["MLmodel", await house.blobs.put(Buffer.from(mlModel(id, versions, signature)))],
    ["requirements.txt", await house.blobs.put(Buffer.from(`mlflow\n${versions["onnx"] === undefined ? "onnx" : `onnx==${versions["onnx"]}`}\nonnxruntime\n`))],
    ["python_env.yaml", await house.blobs.put(Buffer.from(stringify({ ...(versions["python"] === undefined ? {} : { python: versions["python"] }), dependencies: ["-r requirements.txt"] })))],
    ["model.onnx", graph],
  ] as const;
  const time = house.clock.now();
  const told = inWords(compared);
  const makers = ["skl2onnx", "onnxmltools", "catboost"].filter((name) => versions[name] !== undefined).map((name) => `${name} ${versions[name]}`);
  return transact(house.db, async (transaction) => {
    await createLoggedModel(transaction, { id, experimentId: logged?.experimentId ?? run?.experimentId ?? "0", name: undefined, type: "onnx", sourceRunId: run?.id, params: [], tags: [{ key: "millrace.converted_from", value: `${model}/${version}` }], now: time });
    const { artifactUri } = await readLoggedModel(transaction, id);
    if (folderOf({ storage: artifactUri })?.owner !== id) throw conflict("registry.files_elsewhere", `The artifacts of this experiment are kept at ${artifactUri}, where the server does not write: the graph cannot be registered`);
    for (const [path, blob] of contents) await storeFile(transaction, id, path, blob);
    await finishLoggedModel(transaction, id, "ready", time);
    const tags = new Map([["millrace.converted_from", String(version)], ["millrace.conversion", told]]);
    const made = await createVersion(transaction, { model, source: artifactUri, storage: artifactUri, runId: run?.id, loggedModelId: id, tags, time, actor, reason: `version ${version} converted to ONNX by ${makers.join(" and ") || "an unnamed converter"} (${told})` });
    await insertLineage(transaction, [{ from: { kind: "model_version", id: `${model}/${version}` }, to: { kind: "model_version", id: `${model}/${made}` }, role: "derived_from" }]);
    return made;
  });
}

/** The comparison, for the version's tag. */
function inWords(compared: Compared | null): string {
  if (compared === null) return "not compared";
  const { rows, made, difference, differentLabels, rounded, mended } = compared;
  const parts = [
    `greatest difference ${Number(difference.toPrecision(3))} over ${rows} rows of the example and ${made} made rows`,
    ...(differentLabels > 0 ? [`${differentLabels} other labels within rounding`] : []),
    ...(rounded > 0 ? [`float32 changes ${rounded} rows of the example`] : []),
    ...mended.map((what) => `mended: ${what}`),
  ];
  return parts.join("; ").slice(0, 2000);
}

/** The signature of the model it was made of, as it stands in that MLmodel. */
function signatureText(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (parse(text, { maxAliasCount: 100, logLevel: "error" }) as { signature?: unknown } | null)?.signature;
  } catch {
    // A broken MLmodel has no signature to hand on.
    return undefined;
  }
}

/** The MLmodel by which MLflow's `mlflow.onnx` and `mlflow.pyfunc` load the graph. */
function mlModel(id: string, { onnx = "", python }: Readonly<Record<string, string>>, signature: unknown): string {
  return stringify({
    flavors: {
      onnx: { data: "model.onnx", onnx_version: onnx, code: null, providers: ["CPUExecutionProvider"] },
      python_function: { data: "model.onnx", loader_module: "mlflow.onnx", env: { virtualenv: "python_env.yaml" }, ...(python === undefined ? {} : { python_version: python }) },
    },
    model_id: id,
    ...(signature === undefined || signature === null ? {} : { signature }),
  });
}
