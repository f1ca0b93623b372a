import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeError } from "../../errors.ts";
import { readConfig } from "../../serving/gateway/config/config-file.ts";
import type { GatewayConfig } from "../../serving/gateway/config/config.ts";
import { gatewayOfHome, type GatewayStatus } from "../../serving/gateway-process.ts";
import { readDeployments } from "../../serving/store.ts";
import { damageOf } from "./damage-of.ts";
import type { Exam } from "./exam.ts";

/** What is deployed, what the gateway was told, what it opens and what it serves are the same. */
export async function checkGateway(exam: Exam): Promise<void> {
  const file = join(exam.settings.home, "gateway", "config.json");
  const deployed = exam.db ? await readDeployments(exam.db).catch(() => undefined) : undefined;
  const config = await stat(file).then(() => readConfig(file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") exam.find({ check: "gateway", severity: "error", what: describeError(error), where: file, todo: "Start the server (`millrace up`), which writes it anew from the database" });
    return undefined;
  });
  if (config) await checkFiles(exam, config);
  if (config && deployed && exam.running !== undefined && config.revision !== deployed.revision) {
    exam.find({ check: "gateway", severity: "error", what: `The gateway was told revision ${config.revision} of the deployments, and revision ${deployed.revision} is deployed`, where: file, todo: "Deploy again, or start the server again, which tells it" });
  }
  const status = await gatewayOfHome(exam.settings.home).catch((error: unknown) => {
    exam.find({ check: "gateway", severity: "error", what: describeError(error), where: join(exam.settings.home, "run", "gateway.json"), todo: "Stop it (`millrace down`), and start the server again" });
    return null;
  });
  if (status === undefined && exam.running !== undefined) exam.find({ check: "gateway", severity: "error", what: "A server has this home, and no gateway answers", where: join(exam.settings.home, "logs", "gateway.log"), todo: "Look into that log; start the server again" });
  if (status) compareServed(exam, status, deployed);
}

/** The deployments of a database, as far as they are compared. */
type Deployed = Awaited<ReturnType<typeof readDeployments>>;

function compareServed(exam: Exam, status: GatewayStatus, deployed: Deployed | undefined): void {
  const where = `the gateway, process ${status.pid}`;
  exam.count("endpoints served", status.endpoints.length);
  const todo = "Deploy the version again, or another one; the sentence says what is in the way";
  if (status.configError !== null) exam.find({ check: "gateway", severity: "error", what: `The gateway does not serve what it was told: ${status.configError}`, where, todo });
  for (const [endpoint, { message }] of Object.entries(status.refusals ?? {})) exam.find({ check: "gateway", severity: "error", what: `${endpoint} is not served as it is deployed: ${message}`, where, todo });
  if (!status.ready) exam.find({ check: "gateway", severity: "error", what: "The gateway says that it is not ready", where, todo: "Look into logs/gateway.log" });
  for (const { endpoint, variants } of deployed?.deployments ?? []) {
    if (Object.hasOwn(status.refusals ?? {}, endpoint)) continue;
    const name = (one: { readonly name: string; readonly version: string | number }): string => `${one.name} ${one.version}`;
    const served = status.endpoints.find((one) => one.name === endpoint)?.variants.map(name).toSorted() ?? [];
    const wanted = variants.map(name).toSorted();
    if (served.join() !== wanted.join()) exam.find({ check: "gateway", severity: "error", what: `${endpoint} is deployed with ${wanted.join(", ") || "nothing"}, and the gateway serves ${served.join(", ") || "nothing"}`, where, todo: "Deploy again, or start the server again, which tells the gateway" });
  }
}

/** The files that the gateway opens: there; with `full` read, and compared with what was deployed. One that is damaged comes again from the artifact store. */
async function checkFiles(exam: Exam, { endpoints }: GatewayConfig): Promise<void> {
  const files = new Map<string, string>();
  for (const { variants } of endpoints) for (const { content } of variants) for (const [path, sha256] of Object.entries(content?.files ?? {})) files.set(join(content!.folder, path), sha256);
  for (const [path, sha256] of files) {
    exam.count("model files of the gateway");
    const what = await damageOf(path, sha256, exam.full);
    if (what === undefined) continue;
    const artifact = await exam.blobs.localPath(sha256).catch(() => undefined);
    exam.find({
      check: "gateway",
      severity: "error",
      what: `A model file that the gateway opens is not what was deployed: ${what}`,
      where: path,
      todo: artifact === undefined ? "Mend the artifact that it comes from first, then start the server, which puts it there anew" : "Have it brought again from the artifact store: `millrace doctor --repair`, or start the server",
      ...(artifact !== undefined && { repair: { does: "bring it again from the artifact store", whileRunning: true, act: () => bring(artifact, path) } }),
    });
  }
}

/** In one step, so that a gateway that opens it finds the one or the other. */
async function bring(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const coming = `${to}.repair-${process.pid}`;
  await copyFile(from, coming);
  await rename(coming, to);
  await rm(coming, { force: true });
}
