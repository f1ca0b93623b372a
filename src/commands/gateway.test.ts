import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { modelFile, trip } from "../serving/gateway/fixtures/gateway-process.ts";
import { keepAsking, makeFolder, putModel } from "../serving/gateway/fixtures/own-gateway.ts";

const main = join(import.meta.dirname, "..", "main.ts");

interface Command {
  /** The first line of standard output, or "" when it ended without one. */
  readonly first: string;
  readonly exited: Promise<number | NodeJS.Signals>;
  said(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Runs `millrace gateway …` until it says what it serves, or ends. */
const millraceGateway = (cwd: string, ...args: string[]): Promise<Command> => gatewayWith({}, cwd, ...(args.includes("--grpc-port") ? [] : ["--grpc-port", "0"]), ...args);

async function gatewayWith(env: Record<string, string>, cwd: string, ...args: string[]): Promise<Command> {
  const child = spawn(process.execPath, [main, "gateway", "--port", "0", ...args], { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  const welcomed = Promise.withResolvers<string>();
  child.stderr.on("data", (part: Buffer) => {
    said += String(part);
    if (said.includes("Ctrl-C")) welcomed.resolve("");
  });
  const exited = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line").then(([line]) => line as string), exited.then(() => ""), welcomed.promise]);
  return { first, exited, said: () => said, kill: (signal) => void child.kill(signal) };
}

const started = (command: Command) => JSON.parse(command.first) as { url: string; pid: number; models: { name: string; version: string; state: string }[] };
const price = async (url: string, model: string) => {
  const answer = await fetch(`${url}/v2/models/${model}/infer`, { method: "POST", body: JSON.stringify(trip(1, 1, "Oslo")) });
  return answer.ok ? ((await answer.json()) as { outputs: { data: number[] }[] }).outputs[0].data[0] : answer.status;
};

describe("millrace gateway", () => {
  test("serves files and folders by relative paths, and a drained stop is clean", async () => {
    const folder = await makeFolder();
    await putModel("trips-1", join(folder, "models", "trips.onnx"));
    await putModel("trips-1", join(folder, "fares", "1", "model.onnx"));
    await putModel("trips-2", join(folder, "fares", "2", "model.onnx"));
    await putModel("trips-2", join(folder, "shelf", "taxi", "3", "model.onnx"));
    const gateway = await millraceGateway(folder, "--json", "--model", "trips=models/trips.onnx@7", "--model", "fares=fares@1", "--model-repository", "shelf");
    const { url, models } = started(gateway);
    expect(models.map(({ name, version, state }) => `${name}/${version} ${state}`).toSorted()).toEqual([
      "fares/1 READY",
      "fares/2 UNAVAILABLE",
      "taxi/3 READY",
      "trips/7 READY",
    ]);
    expect([await price(url, "trips"), await price(url, "fares"), await price(url, "taxi"), await price(url, "trips/versions/7")]).toEqual([13, 13, 1013, 13]);
    const clients = keepAsking(url, "trips", 4);
    await clients.answered(20);
    gateway.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    await clients.stop();
  });

  test("says what it serves and gives a request to try", async () => {
    const folder = await makeFolder();
    const gateway = await millraceGateway(folder, "--model", `trips=${modelFile("trips-1")}`);
    expect(gateway.said()).toMatch(/answers at http:\/\/127\.0\.0\.1:\d+ after \d+ ms: .*Open Inference Protocol/);
    expect(gateway.said()).toMatch(/trips +1 +ready, default +\S*trips-1\.onnx/);
    const [, url, body] = /curl -s (\S+) -d '([^']+)'/.exec(gateway.said())!;
    const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect([answer.status, await answer.json()]).toEqual([200, { prediction: expect.any(Number) }]);
    gateway.kill("SIGINT");
    expect(await gateway.exited).toBe(0);
  });

  test("after kill -9 the same command serves again", async () => {
    const folder = await makeFolder();
    const args = ["--json", "--model", `trips=${modelFile("trips-1")}`];
    const first = await millraceGateway(folder, ...args);
    expect(await price(started(first).url, "trips")).toBe(13);
    first.kill("SIGKILL");
    expect(await first.exited).toBe("SIGKILL");
    const second = await millraceGateway(folder, ...args);
    expect(await price(started(second).url, "trips")).toBe(13);
  });

  test.each<[string, string[], number, RegExp]>([
    ["a model without a name", ["--model", "models/trips.onnx"], 2, /--model "models\/trips\.onnx" has no name; write NAME=PLACE, such as --model trips=models\/trips\.onnx/],
    ["a model given twice", ["--model", "trips=a.onnx", "--model", "trips=b.onnx"], 2, /The model "trips" is given twice/],
    ["a file that is not there", ["--model", "trips=nowhere.onnx"], 2, /Cannot read the model .*nowhere\.onnx/],
    ["the URL of a file", ["--model", "trips=https://example.com/trips.onnx"], 2, /no URL of a model on a model server/],
    ["a folder that is not there", ["--model-repository", "nowhere"], 2, /Cannot read the model repository .*nowhere/],
    ["polling of nothing", ["--poll-seconds", "5"], 2, /--poll-seconds looks at a model repository/],
    ["a size without sense", ["--memory-limit", "much"], 2, /--memory-limit is "much"; it must be a size such as 512MiB or 2GiB/],
    ["a time without sense", ["--drain-seconds", "-1"], 2, /--drain-seconds is "-1"; it must be a number of seconds/],
    ["metrics of nobody", ["--peer-metrics", "nobody"], 2, /--peer-metrics is "nobody"; it must be one of triton,/],
    ["a models file that is none", ["--models-file", "nowhere.json"], 2, /Cannot read the models in .*nowhere\.json/],
  ])("%s is said so", async (_, args, code, message) => {
    const gateway = await millraceGateway(await makeFolder(), ...args);
    expect([await gateway.exited, gateway.said()]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe("millrace gateway in a container", () => {
  const row = JSON.stringify({ distance: 1, seats: 1, city: "Oslo" });
  const ask = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(url, { method: "POST", body: row, headers: { "content-type": "application/json", ...headers } });
    return [answer.status, await answer.json()];
  };

  test("of Azure ML serves the model of the folder it is told, for all addresses", async () => {
    const folder = await makeFolder();
    await putModel("trips-1", join(folder, "mounted", "model.onnx"));
    const gateway = await gatewayWith({ AZUREML_MODEL_DIR: join(folder, "mounted") }, folder, "--grpc-port", "off", "--json");
    const { url, models } = started(gateway);
    expect(new URL(url).hostname).toBe("0.0.0.0");
    expect(gateway.said()).toContain("running as Azure ML asks");
    expect(models).toMatchObject([{ name: "model", version: "1", state: "READY" }]);
    expect(await ask(`http://127.0.0.1:${new URL(url).port}/score`)).toEqual([200, { prediction: 13 }]);
  });

  test("of Vertex AI answers at its routes; of SageMaker to serve", async () => {
    const folder = await makeFolder();
    const model = `trips=${await putModel("trips-1", join(folder, "trips.onnx"))}`;
    const vertex = await gatewayWith({ AIP_PREDICT_ROUTE: "/v1/endpoints/1/deployedModels/2:predict", AIP_HEALTH_ROUTE: "/v1/endpoints/1/deployedModels/2" }, folder, "--model", model, "--host", "127.0.0.1", "--json");
    expect(await ask(`${started(vertex).url}/v1/endpoints/1/deployedModels/2:predict`)).toEqual([200, { prediction: 13 }]);
    expect(started(vertex)).toMatchObject({ grpcPort: null });
    const sagemaker = await millraceGateway(folder, "serve", "--model", model, "--host", "127.0.0.1", "--json");
    expect(await ask(`${started(sagemaker).url}/models/trips/invoke`)).toEqual([200, { prediction: 13 }]);
    expect(await ask(`${started(sagemaker).url}/models`)).toMatchObject([400, { message: "Parameter url is required." }]);
  });

  test("without a platform: management on its own port, the token from the environment, a default model, no gRPC", async () => {
    const folder = await makeFolder();
    const models = ["one", "two"].flatMap((name) => ["--model", `${name}=${modelFile("trips-1")}`]);
    const gateway = await gatewayWith({ MILLRACE_MANAGEMENT_TOKEN: "secret" }, folder, ...models, "--default-model", "two", "--management-port", "0", "--grpc-port", "off", "--json");
    const { url, managementPort } = started(gateway) as unknown as { url: string; managementPort: number };
    const list = async (headers: Record<string, string>) => (await fetch(`http://127.0.0.1:${managementPort}/models`, { headers })).status;
    expect([await list({}), await list({ authorization: "Bearer secret" })]).toEqual([401, 200]);
    expect((await ask(`${url}/score`))[0]).toBe(200);
  });

  test.each<[what: string, env: Record<string, string>, args: string[], message: RegExp]>([
    ["an argument that is none", {}, ["start"], /"start" is not known here; .* serve/],
    ["a port that is none", {}, ["--management-port", "many"], /--management-port/],
    ["an empty token", { MILLRACE_MANAGEMENT_TOKEN: "" }, [], /management token is empty/],
    ["a bucket", { AIP_HTTP_PORT: "8080", AIP_STORAGE_URI: "gs://b/m" }, [], /models are not fetched from there/],
  ])("%s is said so", async (_, env, args, message) => {
    const gateway = await gatewayWith(env, await makeFolder(), ...args);
    expect(await gateway.exited).not.toBe(0);
    expect(gateway.said()).toMatch(message);
  });
});
