import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { statfsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describeError } from "../../errors.ts";
import { removeAddress, writeAddress } from "./address-file.ts";
import type { GatewayAddress } from "./address-file.ts";
import { adminHandler } from "./admin.ts";
import { atMostEvery } from "./gateway-log.ts";
import type { GatewayLog } from "./gateway-log.ts";
import { endpointStatuses } from "./gateway-status.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import { startGrpcServer } from "./grpc/grpc-server.ts";
import type { GrpcServer } from "./grpc/grpc-server.ts";
import { grpcServices } from "./grpc/grpc-services.ts";
import { createHttpServer } from "./http-server.ts";
import type { Handler } from "./http-server.ts";
import { Inference } from "./inference.ts";
import { MetricsRegistry } from "./metrics/metrics.ts";
import { endpointSteps } from "./models/endpoint-steps.ts";
import { ManagedConfig } from "./models/managed-config.ts";
import { managedRepository } from "./models/managed-repository.ts";
import { MemoryBudget } from "./models/memory-budget.ts";
import { ModelPool } from "./models/model-pool.ts";
import { OwnRepository } from "./models/own-repository.ts";
import type { OwnModels } from "./models/own-repository.ts";
import type { ModelRepository } from "./models/repository.ts";
import { isLocal, managementRule } from "./management-access.ts";
import { ownName } from "./log/journal-owner.ts";
import { PredictionLog } from "./log/prediction-log.ts";
import type { PredictionLogStatus } from "./log/prediction-log.ts";
import { peerMetrics, servedVersions } from "./metrics/peer-metrics.ts";
import { fallbackCounter } from "./metrics/fallback-counter.ts";
import { addProcessMetrics } from "./metrics/process-metrics.ts";
import { withCloudEvents } from "./protocols/cloud-events.ts";
import { vertexAi } from "./protocols/containers/vertex-ai.ts";
import type { VertexRoutes } from "./protocols/containers/vertex-ai.ts";
import { addPoolMetrics, poolMetrics } from "./metrics/pool-metrics.ts";
import { readInferRequest } from "./protocols/open-inference/infer-request.ts";
import { json } from "./protocols/protocol.ts";
import type { HttpAnswer, Protocol, ProtocolContext } from "./protocols/protocol.ts";
import { protocols } from "./protocols/protocols.ts";
import { torchserve } from "./protocols/torchserve/torchserve.ts";
import { ServingState } from "./models/serving-state.ts";
import { addUnseenMetric } from "./metrics/unseen-metric.ts";
import { variantStatsBook, type IsServed } from "./metrics/variant-stats.ts";
import { agreementBook } from "./traffic/agreement.ts";

export interface GatewayOptions {
  /**
   * The folder of the installation: configuration in `gateway/`, prediction log in `predictions/`, address in
   * `run/gateway.json`.
   */
  readonly home: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The port of gRPC, 0 for any free one; null for none. */
  readonly grpcPort: number | null;
  /** The name by which the server gives itself to clients of the Open Inference Protocol. */
  readonly serverName: string;
  /** What `/_millrace/*` asks for; made at random when absent. */
  readonly token: string | undefined;
  readonly version: string;
  readonly maxBodyBytes: number;
  /** Origins of web pages that may call the gateway, "*" for any. */
  readonly corsOrigins: readonly string[];
  /** Servers under whose names the metrics are written, too. */
  readonly peerMetrics: readonly string[];
  /** The endpoint that answers where a protocol names none; the only one when absent. */
  readonly defaultModel?: string;
  /** Share of the predictions that begin a trace, where OpenTelemetry's variables say where traces go; none when absent. */
  readonly traceShare?: number | undefined;
  /** Names besides `serving_default` by which clients of TensorFlow Serving may ask for the signature of a model. */
  readonly signatures?: readonly string[];
  /** How long requests that came in may take to end after a stop; then their connections are cut. */
  readonly drainSeconds: number;
  /** How long it goes on answering after a stop while it says that it is not ready, so that load balancers send no more. */
  readonly shutdownDelaySeconds: number;
  /** Bytes that models may take together; unlimited when absent. */
  readonly memoryLimit?: number;
  /** The models of a gateway that runs alone; when absent, a control plane writes the configuration. */
  readonly own?: OwnModels;
  /** The token for managing models, and a port of its own for it, which others reach only with the token. */
  readonly management?: { readonly token?: string; readonly port?: number };
  /** Runs as a multi-model endpoint of SageMaker, which manages models without a token. */
  readonly multiModel?: boolean;
  /** Where Vertex AI expects answers. */
  readonly vertexRoutes?: VertexRoutes;
  /** Whether predictions are logged. */
  readonly logPredictions: boolean;
  readonly log: Pick<ConstructorParameters<typeof PredictionLog>[0], "fileRows" | "seconds" | "capacity" | "capacityBytes">;
}

export interface RunningGateway {
  readonly address: GatewayAddress;
  readonly repository: ModelRepository;
  readonly inference: Inference;
  /** Says that it is not ready, stops accepting, answers what came in, writes the prediction log, frees the models. Safe to call again. */
  stop(): Promise<void>;
}

/** A model that fails may do so for every request; the log names one of them per second and counts the others. */
const modelErrorGapMs = 1000;
/** How long a load waits for other models to end their requests, where they must leave memory first. */
const roomPatienceMs = 10_000;
const batchBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Starts the data plane; resolves when it listens and has tried to load its configuration. Fails when the port is
 * taken.
 */
export async function startGateway(options: GatewayOptions, log: GatewayLog): Promise<RunningGateway> {
  const metrics = new MetricsRegistry();
  const batchSize = metrics.histogram(
    "millrace_inference_batch_size",
    "Rows scored in one run of a model.",
    [],
    batchBounds,
  )();
  const pooled = poolMetrics(metrics);
  const budget =
    options.memoryLimit === undefined
      ? undefined
      : new MemoryBudget({ limit: options.memoryLimit, patienceMs: roomPatienceMs, onEvict: pooled.onEvict });
  const pool = new ModelPool({
    budget,
    endpoints: endpointSteps(() => state.current, (ref, tensors) => inference.step(ref, tensors)),
    log,
    onBatch: (rows) => batchSize.observe(rows),
    onLoad: pooled.onLoad,
    readSample: (request) => readInferRequest(request, undefined).inference.inputs,
  });
  addPoolMetrics(metrics, pool, options.memoryLimit);
  const stats = variantStatsBook(metrics);
  const agreement = agreementBook(metrics);
  const fallbacks = fallbackCounter(metrics);
  const state: ServingState = new ServingState(pool, log, (next) => {
    const served: IsServed = (endpoint, version, variant) => next.endpoints.get(endpoint)?.variants.some((one) => one.name === variant && one.version === version) ?? false;
    for (const book of [stats, agreement]) book.retain(served);
    fallbacks.retain(next);
  });
  const managed = new ManagedConfig(options.home, state, log);
  const own = options.own && new OwnRepository(options.home, options.own, state, log);
  const models = own ?? managed;
  const predictionLog = new PredictionLog({
    ...options.log,
    directory: join(options.home, "predictions"),
    journals: join(options.home, "gateway", "journals"),
    owner: await ownName(),
    onError: (message) => log.error(`the prediction log cannot be written: ${message}`),
  });
  addUnseenMetric(metrics, () => state.current, stats);
  const tracing = options.traceShare === undefined ? undefined : (await import("./metrics/tracing.ts")).openTracing(options.traceShare, options.version);
  const inference: Inference = new Inference({
    ...(tracing && { tracing }),
    deployment: () => state.current,
    paused: (endpoint) => state.paused(endpoint),
    stats,
    agreement,
    onFallback: fallbacks.count,
    ...(options.logPredictions && { log: (entry) => predictionLog.append(entry) }),
    onModelError: atMostEvery(modelErrorGapMs, (error: Error, skipped) => log.error(error.message, { skipped })),
  });
  addLogMetrics(metrics, predictionLog);
  addDiskMetrics(metrics, options.home);
  addProcessMetrics(metrics);

  let stopping: Promise<void> | undefined;
  const answering = () => models.loaded && !stopping && state.current.healthy();
  const ready = () => answering() && !managed.incomplete;
  const flush = async () => {
    await inference.settled();
    await predictionLog.flush();
  };
  const status = (): GatewayStatus => ({
    pid: process.pid,
    grpcPort: grpc?.port ?? null,
    revision: state.current.revision,
    // Of what is served; the refusals are told beside it.
    ready: answering(),
    configError: managed.error,
    refusals: managed.refusals,
    memory: { bytes: pool.memoryBytes, limit: options.memoryLimit ?? null },
    endpoints: endpointStatuses(state.current, stats, agreement),
    log: predictionLog.status(),
  });

  const dialects = options.peerMetrics.map((name) => peerMetrics.get(name)!);
  const exposition = (): HttpAnswer => {
    const versions = dialects.length > 0 ? servedVersions(state.current, stats) : [];
    return { status: 200, headers: { "content-type": expositionType }, body: metrics.expose() + dialects.map((dialect) => dialect(versions)).join("") };
  };

  const token = options.token ?? randomBytes(32).toString("base64url");
  const repository = own ?? managedRepository(() => state.current);
  const { token: managementToken, port: managementPort } = options.management ?? {};
  const guard = managementToken === undefined ? {} : { token: managementToken };
  const context: ProtocolContext = {
    inference,
    deployment: () => state.current,
    repository,
    mayManage: managementRule({
      ...guard,
      local: isLocal(options.host),
      ...(managementPort !== undefined && { elsewhere: () => portOf(managing!) }),
      trusted: options.multiModel === true,
    }),
    multiModel: options.multiModel === true,
    defaultModel: options.defaultModel,
    signatures: options.signatures,
    statistics: (endpoint, variant) =>
      stats(endpoint, variant.version, variant.name).counts.statistics(variant.held.batches),
    ready,
    serverName: options.serverName,
    version: options.version,
  };
  const stopLater = () =>
    void setImmediate(() => void stop().catch((error: unknown) => log.error(describeError(error))));
  const onError = (error: unknown) => log.error(`unexpected failure: ${error instanceof Error ? error.stack : String(error)}`);
  let grpc: GrpcServer | undefined;
  const common = { maxBodyBytes: options.maxBodyBytes, onError, corsOrigins: options.corsOrigins };
  const spoken = options.vertexRoutes ? [vertexAi(options.vertexRoutes), ...protocols] : protocols;
  const managing =
    managementPort === undefined
      ? undefined
      : createHttpServer({ ...common, handlers: byPrefix(handlersOf(torchserve, { ...context, mayManage: managementRule({ ...guard, local: true }) })) });
  const server = createHttpServer({
    ...common,
    handlers: byPrefix([
      ["", { handle: ({ method }) => (method === "GET" || method === "HEAD" ? json(200, aboutGateway(options.version)) : undefined) }],
      ["metrics", { handle: exposition }],
      ["monitoring", { handle: ({ path }) => (path.join("/") === "monitoring/prometheus/metrics" ? exposition() : undefined) }],
      ["_millrace", adminHandler(token, { status, reload: () => (own ? own.rescan() : managed.reload()), flush, stop: stopLater })],
      ...spoken.flatMap((protocol) => handlersOf(protocol, context)),
    ]),
  });

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      // Before it was ready, nobody sends requests yet.
      const delay = models.loaded ? options.shutdownDelaySeconds : 0;
      if (delay > 0) {
        log.info(`stopping: not ready any more, still answering new requests for ${delay} s`);
        await new Promise((resolve) => setTimeout(resolve, delay * 1000));
      }
      log.info("stopping: answering what came in");
      const closed = once(server, "close");
      server.close();
      managing?.close();
      const cut = setTimeout(() => {
        server.closeAllConnections();
        managing?.closeAllConnections();
      }, options.drainSeconds * 1000);
      await Promise.all([closed, grpc?.stop(options.drainSeconds)]);
      clearTimeout(cut);
      await inference.settled();
      try {
        await predictionLog.close();
      } finally {
        await tracing?.close().catch((error: unknown) => log.warn(`the last traces were not sent: ${describeError(error)}`));
        await models.stop();
        await state.stop();
        await removeAddress(options.home);
      }
      log.info("stopped");
    })();
    return stopping;
  };

  const listening = once(server, "listening");
  server.listen(options.port, options.host);
  await listening;
  try {
    if (options.grpcPort !== null) {
      grpc = await startGrpcServer({
        services: grpcServices,
        context,
        host: options.host,
        port: options.grpcPort,
        maxMessageBytes: options.maxBodyBytes,
        onError,
      });
    }
    if (managing) {
      const opened = once(managing, "listening");
      // Without a token nobody but this machine reaches it.
      managing.listen(managementPort, managementToken === undefined ? "127.0.0.1" : options.host);
      await opened;
    }
    await models.start();
    const address: GatewayAddress = {
      pid: process.pid,
      host: options.host,
      port: portOf(server),
      ...(managing && { managementPort: portOf(managing) }),
      grpcPort: grpc?.port ?? null,
      token,
      startedAt: new Date().toISOString(),
      version: options.version,
    };
    await writeAddress(options.home, address);
    predictionLog.recover();
    return { address, repository, inference, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const handlersOf = (protocol: Protocol, context: ProtocolContext): [prefix: string, handler: Handler][] =>
  protocol.prefixes.map((prefix) => [
    prefix,
    { handle: withCloudEvents((request) => protocol.handle(request, context)), failure: protocol.failure?.bind(protocol) },
  ]);

/** A full disk costs no answer, but rows of the log once the memory for them is full. */
function addDiskMetrics(metrics: MetricsRegistry, home: string): void {
  const free = (): number => {
    try {
      const { bavail, bsize } = statfsSync(home);
      return bavail * bsize;
    } catch {
      return Number.NaN;
    }
  };
  metrics.gauge("millrace_gateway_disk_free_bytes", "Bytes that the gateway may still write where its log and journals are.", free);
}

function addLogMetrics(metrics: MetricsRegistry, log: PredictionLog): void {
  const read = (name: keyof PredictionLogStatus) => () => Number(log.status()[name]);
  metrics.gauge(
    "millrace_prediction_log_rows_total",
    "Rows of the prediction log durable on disk.",
    read("written"),
    "counter",
  );
  metrics.gauge(
    "millrace_prediction_log_dropped_total",
    "Rows dropped because the log was full.",
    read("dropped"),
    "counter",
  );
  metrics.gauge(
    "millrace_prediction_log_recovered_total",
    "Rows that gateways had not put into files when they were killed, in files now.",
    read("recovered"),
    "counter",
  );
  metrics.gauge("millrace_prediction_log_lost_total", "Rows of killed gateways that were there in part only.", read("lost"), "counter");
  metrics.gauge("millrace_prediction_log_pending", "Rows waiting in memory.", read("pending"));
  metrics.gauge(
    "millrace_prediction_log_failures_total",
    "Writes of the prediction log that failed.",
    read("failures"),
    "counter",
  );
}

/** Handlers by prefix, each with those that take what nobody else knows behind its own. */
function byPrefix(handlers: readonly [prefix: string, handler: Handler][]): Map<string, Handler[]> {
  const found = new Map<string, Handler[]>();
  for (const [prefix, handler] of handlers) found.set(prefix, [...(found.get(prefix) ?? []), handler]);
  const last = found.get("*") ?? [];
  for (const [prefix, own] of found) if (prefix !== "*") found.set(prefix, [...own, ...last]);
  return found;
}

const expositionType = "text/plain; version=0.0.4; charset=utf-8";

const aboutGateway = (version: string) => ({
  name: "millrace gateway",
  version,
  about: "Answers predictions of the models deployed with Millrace.",
  paths: [...protocols.flatMap((protocol) => protocol.paths), "/metrics"],
});
