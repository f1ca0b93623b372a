import type { FastifyInstance } from "fastify";
import type { House } from "../stage.ts";
import { mountArtifactProxy, mountRunFiles } from "./artifact-proxy.ts";
import { artifactRpcs } from "./artifacts.ts";
import { experimentRpcs } from "./experiments.ts";
import { loggedModelRpcs } from "./logged-models.ts";
import { loggingRpcs } from "./logging.ts";
import { metricRpcs } from "./metrics.ts";
import type { Rpc } from "./mlflow-route.ts";
import { modelVersionRpcs } from "./model-versions.ts";
import { mountMultipart } from "./multipart.ts";
import { registeredModelRpcs } from "./registered-models.ts";
import { runRpcs } from "./runs.ts";
import { searchExperimentsRpc } from "./search-experiments.ts";
import { searchLoggedModelsRpc } from "./search-logged-models.ts";
import { searchRegistryRpcs } from "./search-registry.ts";
import { searchRunsRpc } from "./search-runs.ts";
import { mountVersion, serverInfoRpc } from "./server-info.ts";
import { assessmentRpcs } from "./traces/assessments.ts";
import { mountOtlp } from "./traces/otlp/otlp-route.ts";
import { searchTraceRpcs } from "./traces/search-traces.ts";
import { mountTraceArtifact } from "./traces/trace-artifact.ts";
import { traceMetricsRpc } from "./traces/trace-metrics.ts";
import { traceRpcs } from "./traces/traces.ts";
import { webhookRpcs } from "./webhooks.ts";

/** All remote procedures of MLflow's API that Millrace serves. */
export const rpcs: readonly Rpc[] = [
  ...experimentRpcs,
  searchExperimentsRpc,
  ...runRpcs,
  searchRunsRpc,
  ...loggingRpcs,
  ...metricRpcs,
  ...artifactRpcs,
  ...loggedModelRpcs,
  searchLoggedModelsRpc,
  ...registeredModelRpcs,
  ...modelVersionRpcs,
  ...searchRegistryRpcs,
  ...traceRpcs,
  ...searchTraceRpcs,
  ...assessmentRpcs,
  traceMetricsRpc,
  ...webhookRpcs,
  serverInfoRpc,
];

/** What is no RPC: routes with a body of their own kind (files, OTLP). */
export const mounts: readonly ((server: FastifyInstance, house: House) => Promise<void>)[] = [mountVersion, mountArtifactProxy, mountRunFiles, mountMultipart, mountOtlp, mountTraceArtifact];
