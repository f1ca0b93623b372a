/** Our page for a link as MLflow's clients print them (`/#/experiments/1/runs/ID`, `…/1/traces?selectedEvaluationId=tr-…`); undefined for what is none. */
export function pageOfMlflowLink(hash: string): string | undefined {
  const [, traced, query] = /^#\/experiments\/([^/?]+)\/traces(?:\?(.*))?$/.exec(hash) ?? [];
  const trace = query === undefined ? null : new URLSearchParams(query).get("selectedEvaluationId");
  if (traced !== undefined) return trace ? `/traces/${encodeURIComponent(trace)}` : `/traces?experiment=${traced}`;
  const [, experiment, run] = /^#\/experiments\/([^/?]+)(?:\/runs\/([^/?]+))?/.exec(hash) ?? [];
  if (run !== undefined) return `/runs/${run}`;
  return experiment === undefined ? undefined : `/experiments/${experiment}`;
}
