import { DatabaseSync } from "node:sqlite";
import type { Contender } from "./peers.ts";

export interface Seed {
  readonly runs: number;
  /** Points of one metric `long` of the run `longRun`. */
  readonly points: number;
}

export const longRun = "f".repeat(32);
const metrics = 5;
const start = 1_700_000_000_000;

const idOf = (run: number): string => run.toString(16).padStart(32, "0");
/** The same numbers for every contender: spread evenly, told by run and metric. */
const valueOf = (run: number, metric: number): number => ((run * 7919 + metric * 104_729) % 100_003) / 100_003;

/**
 * Fills a stopped contender's SQLite file: runs with five metrics, three params and three tags each, and one long metric. Straight into
 * the tables, since through its API MLflow would take an hour.
 */
export function seed(contender: Contender, file: string, { runs, points }: Seed): void {
  const db = new DatabaseSync(file);
  db.exec("pragma synchronous = off; begin");
  const insert = contender.name === "millrace" ? ours(db) : theirs(db);
  for (let run = 0; run < runs; run++) {
    const id = idOf(run);
    insert.run(id, `run ${run}`, start + run * 1000);
    for (let metric = 0; metric < metrics; metric++) insert.metric(id, `m${metric}`, valueOf(run, metric), start + run * 1000, 1);
    for (let at = 0; at < 3; at++) {
      insert.param(id, `p${at}`, String((run * (at + 1)) % 50));
      insert.tag(id, `t${at}`, `value ${(run + at) % 20}`);
    }
  }
  insert.run(longRun, "long", start - 1000);
  insert.history(longRun, "long", points, (step) => [Math.sin(step / 1000), start + step, step]);
  db.exec("commit; analyze");
  db.close();
}

interface Insert {
  readonly run: (id: string, name: string, time: number) => void;
  readonly metric: (id: string, key: string, value: number, time: number, step: number) => void;
  readonly param: (id: string, key: string, value: string) => void;
  readonly tag: (id: string, key: string, value: string) => void;
  readonly history: (id: string, key: string, points: number, point: (step: number) => readonly [number, number, number]) => void;
}

function ours(db: DatabaseSync): Insert {
  const run = db.prepare("insert into runs (id, experiment_id, name, status, started_at, ended_at, lifecycle, user_id, artifact_uri) values (?, '0', ?, 'finished', ?, ?, 'active', 'u', ?)");
  const series = db.prepare("insert into metric_series (run_id, key) values (?, ?) returning id");
  const point = db.prepare("insert into metric_points (series_id, step, time, value, kind) values (?, ?, ?, ?, 0)");
  const latest = db.prepare("insert into latest_metrics (run_id, key, step, time, value, kind) values (?, ?, ?, ?, ?, 0)");
  const param = db.prepare("insert into params (run_id, key, value) values (?, ?, ?)");
  const tag = db.prepare("insert into run_tags (run_id, key, value) values (?, ?, ?)");
  const newSeries = (id: string, key: string): number => (series.get(id, key) as { id: number }).id;
  return {
    run: (id, name, time) => {
      run.run(id, name, time, time + 500, `mlflow-artifacts:/0/${id}/artifacts`);
      tag.run(id, "mlflow.runName", name);
    },
    metric: (id, key, value, time, step) => {
      point.run(newSeries(id, key), step, time, value);
      latest.run(id, key, step, time, value);
    },
    param: (id, key, value) => void param.run(id, key, value),
    tag: (id, key, value) => void tag.run(id, key, value),
    history: (id, key, points, at) => {
      const number = newSeries(id, key);
      for (let step = 0; step < points; step++) {
        const [value, time] = at(step);
        point.run(number, step, time, value);
      }
      const [value, time, step] = at(points - 1);
      latest.run(id, key, step, time, value);
    },
  };
}

function theirs(db: DatabaseSync): Insert {
  const run = db.prepare("insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) values (?, ?, 'UNKNOWN', '', '', 'u', 'FINISHED', ?, ?, '', 'active', ?, 0)");
  const point = db.prepare("insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, 0)");
  const latest = db.prepare("insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, 0, ?)");
  const param = db.prepare("insert into params (key, value, run_uuid) values (?, ?, ?)");
  const tag = db.prepare("insert into tags (key, value, run_uuid) values (?, ?, ?)");
  return {
    run: (id, name, time) => {
      run.run(id, name, time, time + 500, `mlflow-artifacts:/0/${id}/artifacts`);
      tag.run("mlflow.runName", name, id);
    },
    metric: (id, key, value, time, step) => {
      point.run(key, value, time, id, step);
      latest.run(key, value, time, step, id);
    },
    param: (id, key, value) => void param.run(key, value, id),
    tag: (id, key, value) => void tag.run(key, value, id),
    history: (id, key, points, at) => {
      for (let step = 0; step < points; step++) {
        const [value, time] = at(step);
        point.run(key, value, time, id, step);
      }
      const [value, time, step] = at(points - 1);
      latest.run(key, value, time, step, id);
    },
  };
}
