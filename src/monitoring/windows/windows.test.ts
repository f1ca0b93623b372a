import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, describe, test } from "vitest";
import type { House } from "../../stage.ts";
import { logPredictions, monitor, openMonitoredHouse } from "../fixtures/open-monitored-house.ts";
import { addLabels, type Label } from "../labels.ts";
import { matchLabels } from "../match-labels.ts";
import { errorWindows, evaluateErrors } from "../monitoring.ts";
import { windowRevisions } from "./revisions.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);
const days = 4;

interface Prediction {
  readonly id: string;
  readonly digest: number;
  readonly time: number;
  readonly received: number;
}

/** What comes to a house: a file of the log, or a delivery of labels. */
type Delivery = { readonly log: readonly Prediction[] } | { readonly labels: readonly Label[] };

async function deliver(house: House, delivery: Delivery, name: string): Promise<void> {
  if ("labels" in delivery) {
    await addLabels(house.db, "bikes", delivery.labels);
    return;
  }
  for (const [date, rows] of Map.groupBy(delivery.log, ({ time }) => new Date(time).toISOString().slice(0, 10))) {
    const selects = rows.map(
      ({ id, digest, time, received }) => `SELECT '${id}' AS request_id, 0::BIGINT AS row_index, ${digest}::BIGINT AS row_digest, make_timestamp(${time * 1000}::BIGINT) AS event_time,
        make_timestamp(${received * 1000}::BIGINT) AS received_at, false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, ${digest / 8}::DOUBLE AS output_prediction`,
    );
    await logPredictions(house, "bikes", date, name, selects.join(" UNION ALL "));
  }
}

const config = monitor({ labelDelay: dayMs });
const turn = (house: House, day: number) => evaluateErrors(house, config, start, start + day * dayMs);
const windowsOf = async (house: House) => (await errorWindows(house.db, config)).map(({ start: at, variant, predictions, sums }) => [(at - start) / dayMs, variant, predictions, sums]);

/** Few ids, so that they come again: as retries, for other rows, with other words. */
const predictions = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e"),
  digest: fc.constantFrom(8, 24),
  time: fc.integer({ min: 0, max: days * 24 - 1 }).map((hour) => start + hour * 3_600_000),
});
const labels = fc.record({
  requestId: fc.constantFrom("a", "b", "c", "d", "e", "f"),
  rowIndex: fc.constant(0),
  value: fc.constantFrom("1", "2.5", "-7"),
  arrivedAt: fc.integer({ min: 0, max: (days + 2) * 4 }).map((quarter) => start + quarter * (dayMs / 4)),
  observedAt: fc.integer({ min: 0, max: (days + 2) * 4 }).map((quarter) => start + quarter * (dayMs / 4)),
});

describe("windows are a function of log and labels", () => {
  test("whatever comes in which order, with turns in between, the windows are those of a house to which all came at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(predictions, { minLength: 1, maxLength: 10 }),
        // Two words of one sender's time and another value are told apart by their arrival; here no two have both.
        fc.uniqueArray(labels, { maxLength: 10, selector: ({ requestId, arrivedAt, observedAt }) => `${requestId} ${arrivedAt} ${observedAt}` }),
        fc.infiniteStream(fc.nat(1000)),
        async (logged, words, random) => {
          const log = logged.map((one, i): Prediction => ({ ...one, received: start + i }));
          const all: Delivery[] = [{ log }, ...(words.length > 0 ? [{ labels: words }] : [])];
          const scratch = await openMonitoredHouse();
          for (const [i, delivery] of all.entries()) await deliver(scratch, delivery, `all-${i}`);
          await turn(scratch, days + 2);

          const pieces: Delivery[] = [...log.map((one) => ({ log: [one] })), ...words.map((one) => ({ labels: [one] }))];
          const shuffled = pieces.map((piece) => ({ piece, at: random.next().value })).sort((a, b) => a.at - b.at).map(({ piece }) => piece);
          const house = await openMonitoredHouse();
          for (const [i, piece] of shuffled.entries()) {
            await deliver(house, piece, `piece-${i}`);
            // Redelivered, matched at once, or a turn of another day: some of each.
            const what = random.next().value % 6;
            if (what === 0) await deliver(house, piece, `piece-${i}`);
            if (what === 1) await matchLabels(house, "bikes");
            if (what > 3) await turn(house, 1 + (random.next().value % (days + 2)));
          }
          await turn(house, days + 2);
          expect(await windowsOf(house)).toEqual(await windowsOf(scratch));
        },
      ),
      { numRuns: 12 },
    );
  });

  test("a turn of an earlier time knows the words of that time, also when they were corrected since", async () => {
    const house = await openMonitoredHouse();
    await deliver(house, { log: [{ id: "a", digest: 8, time: start, received: start }] }, "a");
    const word = (value: string, day: number): Label => ({ requestId: "a", rowIndex: 0, value, arrivedAt: start + day * dayMs });
    await addLabels(house.db, "bikes", [word("3", 1)]);
    await turn(house, 2);
    const before = await windowsOf(house);
    expect(before).toEqual([[0, "champion", 1, { n: 1, loss: 4, absolute: 2, signed: -2, label: 3 }], [0, "served", 1, { n: 1, loss: 4, absolute: 2, signed: -2, label: 3 }]]);
    // The turn is cut off and done again, and a word of the day after has come meanwhile.
    await addLabels(house.db, "bikes", [word("5", 3)]);
    await turn(house, 2);
    expect(await windowsOf(house)).toEqual(before);
    await turn(house, 3);
    expect((await windowsOf(house))[0]).toEqual([0, "champion", 1, { n: 1, loss: 16, absolute: 4, signed: -4, label: 5 }]);
    expect((await windowRevisions(house.db, config)).map(({ changedAt, why }) => [changedAt, why])).toEqual([[start + 3 * dayMs, { predictions: 0, labels: 0, corrections: 1, repeats: false }]]);
  });

  test("without its index a log is indexed anew, and nothing changes", async () => {
    const house = await openMonitoredHouse();
    await deliver(house, { log: [{ id: "a", digest: 8, time: start, received: start }, { id: "a", digest: 8, time: start + dayMs, received: start + 1 }] }, "a");
    await addLabels(house.db, "bikes", [{ requestId: "a", rowIndex: 0, value: "3", arrivedAt: start }]);
    await turn(house, 3);
    const before = await windowsOf(house);
    await rm(join(house.settings.home, "prediction-index"), { recursive: true });
    await turn(house, 3);
    expect(await windowsOf(house)).toEqual(before);
    expect(await windowRevisions(house.db, config)).toEqual([]);
    // Where the log itself has gone, what was computed from it stays.
    await rm(join(house.settings.home, "predictions"), { recursive: true });
    await addLabels(house.db, "bikes", [{ requestId: "a", rowIndex: 0, value: "4", arrivedAt: start + 1 }]);
    await turn(house, 3);
    expect(await windowsOf(house)).toEqual(before);
  });
});
