import type { BatchingInForce } from "./config/batch-config.ts";
import type { PredictionLogStatus } from "./log/prediction-log.ts";
import type { LatencySummary, VariantStats } from "./metrics/variant-stats.ts";
import type { BatchLimits } from "./models/batcher.ts";
import type { Deployment } from "./models/deployment.ts";
import type { Agreement, AgreementSummary } from "./traffic/agreement.ts";

/** What holds of the rows of a model. */
export interface RowsStatus {
  /** The first dimension of its inputs and outputs counts them. */
  readonly counted: boolean;
  /** None depends on another one. */
  readonly independent: boolean;
  /** Rows of several requests are scored together. */
  readonly merged: boolean;
  /** Why they are not known to be independent; null where they are. */
  readonly dependence: string | null;
}

/** The answer of `GET /_millrace/status`. */
export interface GatewayStatus {
  readonly pid: number;
  /** The port of gRPC; null when it is off. */
  readonly grpcPort: number | null;
  readonly revision: number;
  readonly ready: boolean;
  /** Why `gateway/config.json` as last read is not what is served; null when it is. */
  readonly configError: string | null;
  /** Bytes that the models take, and may take together. */
  readonly memory: { readonly bytes: number; readonly limit: number | null };
  readonly endpoints: readonly {
    readonly name: string;
    readonly logShare: number;
    readonly variants: readonly {
      readonly name: string;
      readonly version: string;
      readonly weight: number;
      readonly shadow: boolean;
      /** As they hold, with the defaults. */
      readonly batching: BatchingInForce;
      readonly pinned: boolean;
      /** Whether the first dimension of its inputs and outputs counts rows; whether no row depends on another one; whether requests are merged; why not, or why not by right. */
      readonly rows: RowsStatus;
      /** What there is to know of how it is run. */
      readonly remarks: readonly string[];
      readonly requests: number;
      readonly errors: number;
      readonly latency: LatencySummary;
      /** How its answers compare with those that clients got; null unless it is a shadow. */
      readonly agreement: AgreementSummary | null;
    }[];
  }[];
  readonly log: PredictionLogStatus;
}

type Book<T> = (endpoint: string, version: string, variant: string) => T;

/** Every endpoint that is served: how, and what its variants did since the start. */
export const endpointStatuses = ({ endpoints }: Deployment, stats: Book<VariantStats>, agreement: Book<Agreement>): GatewayStatus["endpoints"] =>
  [...endpoints.values()].map(({ name: endpoint, logShare, variants }) => ({
    name: endpoint,
    logShare,
    variants: variants.map(({ name, version, weight, shadow, pinned = false, held }) => {
      const counts = stats(endpoint, version, name);
      const { requests, errors } = counts;
      const compared = shadow ? agreement(endpoint, version, name).summary() : null;
      const { rowwise: counted, independentRows, dependence = null, remarks = [] } = held.model;
      return { name, version, weight, shadow, batching: batchingOf(held.batcher.limits), pinned, rows: { counted, independent: independentRows, merged: held.batcher.merges, dependence }, remarks, requests, errors, latency: counts.latency(), agreement: compared };
    }),
  }));

/** The limits of a model's queue in the words of its configuration. */
const batchingOf = ({ mostBatchRows, delayMs, waitingRows, timeoutMs, weight, merge }: BatchLimits): BatchingInForce => ({
  maxRows: mostBatchRows,
  delayMs: delayMs ?? null,
  queueRows: waitingRows,
  timeoutMs,
  weight,
  merge: merge ?? null,
});
