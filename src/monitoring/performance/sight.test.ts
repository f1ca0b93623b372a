import { describe, expect, test } from "vitest";
import { seededRandom } from "../../training/random.ts";
import { deviateFor, strongestRise, type LossSums } from "./change-point.ts";
import { labelsToSee } from "./labels-to-see.ts";
import { sightText } from "./sight-text.ts";

describe("labels until a rise is seen", () => {
  // By hand: z = √(2 ln(0.23·365/0.1)) = 3.670; (1.2·3.670·0.75/0.2)², (2·3.670·1)².
  test.each([[0.2, 0.75, 272.7], [1, 1, 53.9], [0.5, 0, 0]])("by %d, where losses spread by %d of their mean", (rise, spread, labels) => expect(labelsToSee(rise, spread, 0.1)).toBeCloseTo(labels, 0));

  // Where rows before are plenty and windows small; bench/monitoring/rise-delay.ts has others.
  test.each([0.2, 0.5, 1])("the alarm on absolute errors that rise by %d needs about as many", (rise) => {
    const random = seededRandom(9);
    const error = (): number => Math.abs(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    const window = (n: number, times: number): LossSums => {
      const losses = Array.from({ length: n }, () => times * error());
      return { n, sum: losses.reduce((sum, loss) => sum + loss, 0), squares: losses.reduce((sum, loss) => sum + loss ** 2, 0) };
    };
    const found = Array.from({ length: 41 }, () => {
      const windows = Array.from({ length: 100 }, () => window(10, 1));
      const reference = window(2000, 1);
      let labels = 0;
      for (let at = 0; at < 200 && (labels < 5 || !((strongestRise(reference, windows)?.z ?? 0) > deviateFor(0.1))); at++) {
        windows.push(window(10, 1 + rise));
        labels += 10;
      }
      return labels;
    }).sort((a, b) => a - b);
    const formula = labelsToSee(rise, Math.sqrt(Math.PI / 2 - 1), 0.1);
    expect(found[20] / formula).toBeGreaterThan(0.6);
    expect(found[20] / formula).toBeLessThan(1.6);
  });
});

test("in words, with the rate of the table and without", () => {
  const sight = { loss: "absolute error" as const, spread: 0.75, labelDelay: 86_400_000, rises: [{ rise: 0.2, labels: 273, days: 274 }, { rise: 0.5, labels: 69, days: 70 }, { rise: 1, labels: 31, days: 32 }] };
  expect(sightText({ ...sight, rowsPerDay: 1 })).toBe("at 1 row a day, as in the table, with labels after 1 day, a rise of the absolute error by 20 % is seen after about 273 labels (274 days), by 50 % after about 69 labels (70 days), by 100 % after about 31 labels (32 days)");
  expect(sightText({ ...sight, rowsPerDay: null, rises: sight.rises.map((one) => ({ ...one, days: null })) })).toBe("a rise of the absolute error by 20 % is seen after about 273 labels, by 50 % after about 69 labels, by 100 % after about 31 labels");
  expect(sightText({ ...sight, rowsPerDay: 2400.4, labelDelay: 5_400_000, rises: [{ rise: 0.2, labels: 273, days: 0.1875 }, ...sight.rises.slice(1)] })).toMatch(/^at 2400 rows a day, as in the table, with labels after 1\.5 hours, .* \(4\.5 hours\)/);
});
