import type { House } from "../../stage.ts";

const under = new WeakMap<House, Map<string, Promise<unknown>>>();

/** Does the work on an endpoint's index when what came before it on that endpoint in this process is done. */
export async function alone<T>(house: House, endpoint: string, work: () => Promise<T>): Promise<T> {
  const byEndpoint = under.get(house) ?? new Map<string, Promise<unknown>>();
  under.set(house, byEndpoint);
  const before = byEndpoint.get(endpoint);
  const turn = (async () => {
    await before?.catch(() => undefined);
    return work();
  })();
  byEndpoint.set(endpoint, turn);
  try {
    return await turn;
  } finally {
    if (byEndpoint.get(endpoint) === turn) byEndpoint.delete(endpoint);
  }
}
