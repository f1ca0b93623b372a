import type { RunDetails } from "../tracking/run-details.ts";
import type { Experiment, MetricPoint } from "../tracking/types.ts";

/** Our nouns as MLflow's messages. */
export const experimentMessage = (experiment: Experiment): object => ({
  experiment_id: experiment.id,
  name: experiment.name,
  artifact_location: experiment.artifactLocation,
  lifecycle_stage: experiment.lifecycle,
  creation_time: experiment.createdAt,
  last_update_time: experiment.updatedAt,
  tags: Object.entries(experiment.tags).map(([key, value]) => ({ key, value })),
});

export const metricMessage = ({ key, value, time, step }: MetricPoint): object => ({ key, value, timestamp: time, step });

export const runInfoMessage = (run: RunDetails): object => ({
  run_id: run.id,
  run_uuid: run.id,
  run_name: run.name,
  experiment_id: run.experimentId,
  user_id: run.userId,
  status: run.status.toUpperCase(),
  start_time: run.startedAt,
  end_time: run.endedAt,
  artifact_uri: run.artifactUri,
  lifecycle_stage: run.lifecycle,
});

export const runMessage = (run: RunDetails): object => ({
  info: runInfoMessage(run),
  data: { metrics: run.metrics.map(metricMessage), params: run.params, tags: run.tags },
  inputs: {
    dataset_inputs: run.datasets.map(({ dataset, tags }) => ({
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      dataset: { name: dataset.name, digest: dataset.digest, source_type: dataset.sourceType, source: dataset.source, schema: dataset.schema, profile: dataset.profile },
    })),
    model_inputs: run.inputModels.map(({ modelId }) => ({ model_id: modelId })),
  },
  outputs: { model_outputs: run.outputModels.map(({ modelId, step }) => ({ model_id: modelId, step })) },
});
