import type { trackingApi } from "./tracking-api.ts";

/** A run with all that hangs on it, as the API tells it. */
export type RunDetails = Awaited<ReturnType<typeof trackingApi<"GET /runs/:id/details">>>;
