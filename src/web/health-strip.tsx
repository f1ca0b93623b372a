import { useQuery } from "@tanstack/react-query";
import type { Health } from "../http/health.ts";

/** What keeps the server from its work, above every page for as long as it lasts: a full disk, a damaged database. Silent while the server does not answer. */
export function HealthStrip() {
  const { data } = useQuery({
    queryKey: ["health"],
    // A damaged database is told with 503, and by the same body.
    queryFn: async ({ signal }): Promise<Health> => (await (await fetch("/health", { signal })).json()) as Health,
    refetchInterval: 5000,
    retry: false,
  });
  if (!data || data.problems.length === 0) return null;
  return (
    <div className="health-strip notice bad" role="alert">
      {data.problems.map(({ code, message }) => (
        <p key={code}>{message}</p>
      ))}
    </div>
  );
}
