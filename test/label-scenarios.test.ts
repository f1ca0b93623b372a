import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dayMs } from "./daily-world.ts";
import { LabelWorld, sumsOfNumbers, type Asked } from "./label-world.ts";

/*
 * Labels and predictions as they come in life, through the real gateway and API on a virtual clock. Each story has days of its own, later than those of the
 * stories before, and its windows must be what a sum by hand says, to the last digit.
 */

let world: LabelWorld;
let today: number;

beforeAll(async () => {
  world = await LabelWorld.start();
  today = await world.startOf("amount");
}, 120_000);
afterAll(() => world?.end());

const hour = 3_600_000;

/** Days for one story; the next begins after them. */
function days(count: number): (day: number) => number {
  const start = today;
  today += count * dayMs;
  return (day) => start + day * dayMs;
}

/** Three requests in the morning, noon and evening of a day. */
async function askThree(name: string, start: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const [i, x] of [2.5, 7.1, 4.4].entries()) asked.push(await world.ask("amount", `${name}-${i}`, x, start + (6 + 6 * i) * hour));
  return asked;
}

const amount = (...pairs: [Asked, number][]) => ({ predictions: 3, sums: sumsOfNumbers(pairs) });

describe("live error is what log and labels say, whatever comes when", () => {
  test("on time", async () => {
    const day = days(3);
    const [a, b, c] = await askThree("on-time", day(0));
    expect(await world.label("amount", [a, b, c].map(({ id, time }, i) => ({ request_id: id, label: 20 + i / 7, arrived_at: time + dayMs })))).toMatchObject({ stored: 3, matched: 3, corrected: 0, superseded: 0 });
    await world.turn("amount", day(2) - 1);
    expect(await world.window("amount", day(0))).toBeUndefined();
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 20], [b, 20 + 1 / 7], [c, 20 + 2 / 7]));
    expect(await world.revisions("amount", day(0))).toEqual([]);
  });

  test("late: the window is completed by the turn after the label, whatever the delay that was expected, and says what it was", async () => {
    const day = days(6);
    const [a, b, c] = await askThree("late", day(0));
    await world.label("amount", [{ request_id: a.id, label: 31.7, arrived_at: day(1) }]);
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 31.7]));
    // It is delivered now and arrives on day 4: nobody knows it on day 3.
    await world.label("amount", [{ request_id: c.id, label: 44.1, arrived_at: day(4) }]);
    await world.turn("amount", day(3));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 31.7]));
    await world.turn("amount", day(4));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 31.7], [c, 44.1]));
    // The day before yesterday is when it is said to have arrived, but it came today.
    await world.label("amount", [{ request_id: b.id, label: 70.3, arrived_at: day(2) }]);
    await world.turn("amount", day(5));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 31.7], [b, 70.3], [c, 44.1]));
    expect(await world.revisions("amount", day(0))).toEqual([
      { changedAt: day(5), before: sumsOfNumbers([[a, 31.7], [c, 44.1]]), after: sumsOfNumbers([[a, 31.7], [b, 70.3], [c, 44.1]]), predictions: [3, 3], why: { predictions: 0, labels: 1, corrections: 0, repeats: false } },
      { changedAt: day(4), before: sumsOfNumbers([[a, 31.7]]), after: sumsOfNumbers([[a, 31.7], [c, 44.1]]), predictions: [3, 3], why: { predictions: 0, labels: 1, corrections: 0, repeats: false } },
    ]);
  });

  test("corrected: the sender's newest word holds, and an older one that comes after it does not", async () => {
    const day = days(6);
    const [a, b, c] = await askThree("corrected", day(0));
    await world.label("amount", [a, b, c].map(({ id }) => ({ request_id: id, label: 50, arrived_at: day(1), observed_at: day(1) - hour })));
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 50], [b, 50], [c, 50]));
    expect(await world.label("amount", [{ request_id: b.id, label: 71.25, arrived_at: day(3), observed_at: day(2) + hour }])).toMatchObject({ stored: 1, corrected: 1, superseded: 0, matched: 1 });
    await world.turn("amount", day(3));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 50], [b, 71.25], [c, 50]));
    expect(await world.label("amount", [{ request_id: b.id, label: 60, arrived_at: day(4), observed_at: day(2) }])).toMatchObject({ stored: 1, corrected: 0, superseded: 1, matched: 1 });
    await world.turn("amount", day(4));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 50], [b, 71.25], [c, 50]));
    expect((await world.revisions("amount", day(0))).map(({ changedAt, why }) => [changedAt, why])).toEqual([[day(3), { predictions: 0, labels: 0, corrections: 1, repeats: false }]]);
    const { words } = await world.monitoring()("GET /monitors/:endpoint/labels/:request", { params: { endpoint: "amount", request: b.id } });
    expect(words.map(({ value, observedAt, arrivedAt, holds }) => [value, observedAt, arrivedAt, holds])).toEqual([
      ["71.25", day(2) + hour, day(3), true],
      ["60", day(2), day(4), false],
      ["50", day(1) - hour, day(1), false],
    ]);
  });

  test("redelivered: a delivery that comes again changes nothing, also when a newer word has come in between", async () => {
    const day = days(5);
    const [a, b, c] = await askThree("again", day(0));
    const delivery = [a, b].map(({ id }, i) => ({ request_id: id, label: 33 + i, arrived_at: day(1), observed_at: day(1) }));
    await world.label("amount", delivery);
    await world.turn("amount", day(2));
    expect(await world.label("amount", delivery)).toMatchObject({ stored: 2, corrected: 0, superseded: 0, matched: 2 });
    // The sender's queue delivers it later: the same words, with a new arrival.
    expect(await world.label("amount", delivery.map((one) => ({ ...one, arrived_at: day(3) - hour })))).toMatchObject({ corrected: 0, superseded: 0 });
    await world.turn("amount", day(3));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 33], [b, 34]));
    expect(await world.revisions("amount", day(0))).toEqual([]);
    await world.label("amount", [{ request_id: a.id, label: 40, arrived_at: day(3), observed_at: day(3) }, { request_id: c.id, label: 41, arrived_at: day(3) }]);
    expect(await world.label("amount", delivery)).toMatchObject({ corrected: 0, superseded: 1, matched: 2 });
    await world.turn("amount", day(4));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 40], [b, 34], [c, 41]));
  });

  test("twice: of two words in one delivery the sender's newest holds, the last one where it gives no times", async () => {
    const day = days(3);
    const [a, b, c] = await askThree("twice", day(0));
    expect(
      await world.label("amount", [
        { request_id: a.id, label: 28, arrived_at: day(1), observed_at: day(1) - hour },
        { request_id: a.id, label: 99, arrived_at: day(1), observed_at: day(1) - 2 * hour },
        { request_id: b.id, label: 98, arrived_at: day(1) },
        { request_id: b.id, label: 72, arrived_at: day(1) },
      ]),
    ).toMatchObject({ stored: 4, corrected: 0, superseded: 2 });
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 28], [b, 72]));
    expect(c.answer).toBeGreaterThan(0);
  });

  test("missing: what has no label counts as a prediction and in no sum", async () => {
    const day = days(3);
    const [a, , c] = await askThree("missing", day(0));
    await world.label("amount", [{ request_id: a.id, label: 1, arrived_at: day(1) }, { request_id: c.id, label: -2.5, arrived_at: day(1) }, { request_id: "missing-99", label: 7, arrived_at: day(1) }]);
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 1], [c, -2.5]));
  });

  test("before the prediction: the label waits, and is used when the prediction comes", async () => {
    const day = days(40);
    expect(await world.label("amount", [{ request_id: "early-0", label: 21, arrived_at: day(0) }, { request_id: "early-1", label: 75, arrived_at: day(0) }])).toMatchObject({ stored: 2, matched: 0, waiting: 2 });
    await world.turn("amount", day(1));
    const [a, b] = await askThree("early", day(1));
    await world.turn("amount", day(3));
    expect(await world.window("amount", day(1))).toEqual(amount([a, 21], [b, 75]));
    // Another waits 35 days for a prediction of today.
    await world.label("amount", [{ request_id: "patient-0", label: 22.5, arrived_at: day(1) }]);
    await world.turn("amount", day(35));
    const [late] = await askThree("patient", day(36));
    await world.turn("amount", day(38));
    expect(await world.window("amount", day(36))).toEqual(amount([late, 22.5]));
  });

  test("35 days late", async () => {
    const day = days(40);
    const [a, b, c] = await askThree("month", day(0));
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount());
    expect(await world.label("amount", [a, b, c].map(({ id }) => ({ request_id: id, label: 42.42, arrived_at: day(35) })))).toMatchObject({ matched: 3, waiting: 0 });
    await world.turn("amount", day(34));
    expect(await world.window("amount", day(0))).toEqual(amount());
    await world.turn("amount", day(35));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 42.42], [b, 42.42], [c, 42.42]));
  });

  test("late predictions: rows of a day that is judged already move that day alone", async () => {
    const day = days(6);
    const [a] = await askThree("slow", day(0));
    await askThree("slow-next", day(1));
    await world.label("amount", [{ request_id: a.id, label: 26, arrived_at: day(1) }, { request_id: "slow-late", label: 13, arrived_at: day(1) }]);
    await world.turn("amount", day(3));
    const next = await world.window("amount", day(1));
    const late = await world.ask("amount", "slow-late", 1.2, day(0) + 2 * hour);
    await world.turn("amount", day(4));
    expect(await world.window("amount", day(0))).toEqual({ predictions: 4, sums: sumsOfNumbers([[late, 13], [a, 26]]) });
    expect(await world.window("amount", day(1))).toEqual(next);
    expect(await world.revisions("amount", day(0))).toEqual([
      { changedAt: day(4), before: sumsOfNumbers([[a, 26]]), after: sumsOfNumbers([[late, 13], [a, 26]]), predictions: [3, 4], why: { predictions: 1, labels: 1, corrections: 0, repeats: false } },
    ]);
    expect(await world.revisions("amount", day(1))).toEqual([]);
  });

  test("a request retried the next day counts once, in the window of the first; other rows under its id are others", async () => {
    const day = days(7);
    const [a, b, c] = await askThree("retried", day(0));
    await world.label("amount", [a, b, c].map(({ id }) => ({ request_id: id, label: 30, arrived_at: day(2) })));
    await world.ask("amount", a.id, 2.5, day(1) + hour);
    await world.turn("amount", day(3));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 30], [b, 30], [c, 30]));
    expect(await world.window("amount", day(1))).toEqual({ predictions: 0, sums: sumsOfNumbers([]) });
    // Again, when both days are judged.
    await world.ask("amount", b.id, 7.1, day(1) + 2 * hour);
    await world.turn("amount", day(4));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 30], [b, 30], [c, 30]));
    expect(await world.window("amount", day(1))).toEqual({ predictions: 0, sums: sumsOfNumbers([]) });
    expect([...(await world.revisions("amount", day(0))), ...(await world.revisions("amount", day(1)))]).toEqual([]);
    // The third id comes with another row, which happened before the label arrived: of which it is nobody knows.
    await world.ask("amount", c.id, 9.9, day(1) + 3 * hour);
    await world.turn("amount", day(5));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 30], [b, 30]));
    expect(await world.window("amount", day(1))).toEqual({ predictions: 1, sums: sumsOfNumbers([]) });
    expect((await world.revisions("amount", day(0))).map(({ changedAt, why }) => [changedAt, why])).toEqual([[day(5), { predictions: 0, labels: -1, corrections: 0, repeats: true }]]);
  });

  test("other spellings of the same number and of the same class are the same label", async () => {
    const day = days(3);
    const [a, b, c] = await askThree("spelt", day(0));
    await world.label("amount", [{ request_id: a.id, label: "12.50", arrived_at: day(1) }, { request_id: b.id, label: "1.25e1", arrived_at: day(1) }, { request_id: c.id, label: 12.5, arrived_at: day(1) }]);
    await world.turn("amount", day(2));
    expect(await world.window("amount", day(0))).toEqual(amount([a, 12.5], [b, 12.5], [c, 12.5]));

    const start = await world.startOf("sold");
    const asked: Asked[] = [];
    for (const [i, x] of [8.2, 1.3, 5.1, 6.6].entries()) asked.push(await world.ask("sold", `spelt-${i}`, x, start + i * hour));
    await world.label("sold", ["True", 1, "1.0", true].map((label, i) => ({ request_id: asked[i].id, label, arrived_at: start + dayMs })));
    await world.turn("sold", start + 2 * dayMs);
    // Every spelling is the class `true`: −ln of its probability, and wrong where the other class is the likelier.
    const loss = asked.reduce((sum, { answer }) => sum - Math.log(answer), 0);
    const squares = asked.reduce((sum, { answer }) => sum + Math.log(answer) ** 2, 0);
    expect(await world.window("sold", start)).toEqual({ predictions: 4, sums: { n: 4, loss, absolute: asked.filter(({ answer }) => answer < 0.5).length, signed: 0, label: 0, squares } });
  });
});
