import { data } from "./data/stage.ts";
import { evaluation } from "./evaluation/stage.ts";
import { maintenance } from "./maintenance/stage.ts";
import { mlflow } from "./mlflow/stage.ts";
import { monitoring } from "./monitoring/stage.ts";
import { optimization } from "./optimization/stage.ts";
import { pipelines } from "./pipelines/stage.ts";
import { registry } from "./registry/stage.ts";
import { serving } from "./serving/stage.ts";
import type { Stage } from "./stage.ts";
import { tracking } from "./tracking/stage.ts";
import { training } from "./training/stage.ts";

/** The rooms, in the order of a model's life; then the engine that runs their steps. */
export const stages: readonly Stage[] = [tracking, data, training, evaluation, registry, mlflow, serving, monitoring, optimization, maintenance, pipelines];
