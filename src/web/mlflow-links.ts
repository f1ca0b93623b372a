/** Our page for a link as MLflow's clients print them (`/#/experiments/1/runs/ID`); undefined for what is none. */
export function pageOfMlflowLink(hash: string): string | undefined {
  const [, experiment, run] = /^#\/experiments\/([^/?]+)(?:\/runs\/([^/?]+))?/.exec(hash) ?? [];
  if (run !== undefined) return `/runs/${run}`;
  return experiment === undefined ? undefined : `/experiments/${experiment}`;
}
