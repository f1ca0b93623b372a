import { evaluatedLoss } from "../monitoring/monitoring.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import type { House } from "../stage.ts";
import { readDecisions } from "./store.ts";
import type { Loop } from "./types.ts";

/**
 * The loss the champion is held to now, and since when. A champion is held to what its evaluation showed, but to at most `slip` more
 * than its predecessor was held to, so that standards do not slip when a retraining happens in bad times. When a retraining since
 * then did not better it, its error of that time is as good as can be had, and the higher of the two counts.
 */
export async function expectation(house: House, loop: Loop, config: MonitorConfig, champion: number): Promise<{ reference: number; since: number }> {
  const settled = await readDecisions(house.db, loop.endpoint, { kinds: ["promoted", "rolled_back", "gate_rejected"] });
  const last = settled.at(-1);
  const promotion = settled.findLast((decision) => decision.kind === "promoted");
  let reference = Number(promotion?.evidence["reference"] ?? (await evaluatedLoss(house, config, champion)));
  if (last && last.kind !== "promoted") reference = Math.max(reference, Number(last.evidence["championLoss"] ?? 0));
  return { reference, since: last?.time ?? loop.startedAt };
}

/** The loss a challenger will be held to as the champion. */
export async function nextReference(house: House, loop: Loop, config: MonitorConfig, champion: number, challenger: number): Promise<number> {
  const { reference } = await expectation(house, loop, config, champion);
  return Math.min(await evaluatedLoss(house, config, challenger), reference * (1 + config.performance.slip));
}
