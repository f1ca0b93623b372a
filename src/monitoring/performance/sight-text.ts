import type { Sight } from "./sight.ts";

const round = (value: number): number => Number(value.toPrecision(value < 10 ? 2 : 3));

const days = (count: number): string => (count < 1 ? `${round(24 * count)} hours` : `${round(count)} ${round(count) === 1 ? "day" : "days"}`);

/** What the performance alarm can see, as a sentence: the same in the terminal and on the page. */
export function sightText({ loss, rowsPerDay, labelDelay, rises }: Sight): string {
  const [first, ...others] = rises.map(({ rise, labels, days: until }) => ({ by: `by ${100 * rise} %`, after: `about ${labels} labels${until === null ? "" : ` (${days(until)})`}` }));
  const rate = rowsPerDay === null ? "" : `at ${round(rowsPerDay)} ${round(rowsPerDay) === 1 ? "row" : "rows"} a day, as in the table, with labels after ${days(labelDelay / 86_400_000)}, `;
  return `${rate}a rise of the ${loss} ${first.by} is seen after ${first.after}, ${others.map(({ by, after }) => `${by} after ${after}`).join(", ")}`;
}
