import { Anchor } from "../../ui/anchor.tsx";
import { Facts, type Fact } from "../../ui/facts.tsx";
import { formatMoment, formatNumber, formatSpan, metricName, shortId } from "../../ui/format.ts";
import type { RunDetails } from "./run-details.ts";
import { mainMetrics } from "./telling-columns.ts";

/** A run in short: its main metrics, how long it took, who ran what. */
export function RunFacts({ run, now }: { run: RunDetails; now: number }) {
  const tag = (key: string): string | undefined => run.tags.find((one) => one.key === key)?.value;
  const metric = (key: string): number | undefined => {
    const found = run.metrics.find((one) => one.key === key);
    return found && Number(found.value);
  };
  const [commit, source, entry, dataset, parent] = [tag("mlflow.source.git.commit"), tag("mlflow.source.name"), tag("mlflow.project.entryPoint"), tag("dataset_version"), tag("mlflow.parentRunId")];
  const interval = (key: string): string | undefined => {
    const [low, high] = [metric(`${key}_low`), metric(`${key}_high`)];
    return low === undefined || high === undefined ? undefined : `${formatNumber(low)} to ${formatNumber(high)}`;
  };
  const rows = metric("training_rows");
  const origin = [entry && `entry point ${entry}`, commit && `commit ${commit.slice(0, 10)}`].filter(Boolean).join(", ") || undefined;
  const facts: (Fact | false)[] = [
    ...mainMetrics(run.metrics.map(({ key }) => key)).slice(0, 5).map((key): Fact => ({ name: metricName(key), value: Number.isNaN(metric(key)) ? "NaN" : formatNumber(metric(key)), note: interval(key) })),
    rows !== undefined && { name: "Trained on", value: `${formatNumber(rows)} rows`, note: dataset && <Anchor to={`/data/${dataset}`}><code>{shortId(dataset)}</code></Anchor> },
    { name: run.endedAt === null ? "Runs for" : "Took", value: formatSpan(Math.max(0, (run.endedAt ?? now) - run.startedAt)), note: formatMoment(run.startedAt) },
    run.userId !== "" && { name: "User", value: run.userId },
    source !== undefined && { name: "Source", value: <span className="source">{source}</span>, note: origin },
    source === undefined && commit !== undefined && { name: "Commit", value: <code>{commit.slice(0, 10)}</code> },
    parent !== undefined && { name: "Nested below", value: <Anchor to={`/runs/${encodeURIComponent(parent)}`}>{shortId(parent)}</Anchor> },
    { name: "Run id", value: <code className="source">{run.id}</code> },
  ];
  return <Facts facts={facts.filter((fact) => fact !== false)} />;
}
