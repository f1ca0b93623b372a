import { describe, expect, test } from "vitest";
import { seededRandom } from "../../training/random.ts";
import { deviateFor, strongestRise, type LossSums } from "./change-point.ts";

const sumsOf = (losses: readonly number[]): LossSums => ({ n: losses.length, sum: losses.reduce((sum, loss) => sum + loss, 0), squares: losses.reduce((sum, loss) => sum + loss ** 2, 0) });

const none = sumsOf([]);

describe("the place of the strongest rise", () => {
  const quiet = [1, 1.2, 0.8, 1.1, 0.9];
  const loud = [4, 4.3, 3.8, 4.1, 3.9];

  test("is where the losses rise, with both means and the labels since", () => {
    const rise = strongestRise(sumsOf(quiet), [quiet, quiet, quiet, loud, loud].map(sumsOf))!;
    expect(rise).toMatchObject({ at: 3, labels: 10 });
    expect(rise.since).toBeCloseTo(4.02, 10);
    expect(rise.before).toBeCloseTo(1, 10);
    expect(rise.z).toBeGreaterThan(deviateFor(0.01));
  });

  test("is the first window where only the evaluation was better", () => {
    expect(strongestRise(sumsOf([...quiet, ...quiet, ...quiet]), [loud, loud].map(sumsOf))).toMatchObject({ at: 0, labels: 10 });
  });

  test("is after windows without labels, which say nothing", () => {
    expect(strongestRise(sumsOf(quiet), [sumsOf(quiet), none, none, sumsOf(loud)])).toMatchObject({ at: 3, labels: 5 });
  });

  test.each<[string, LossSums, LossSums[]]>([
    ["without windows", sumsOf(quiet), []],
    ["where losses only fall", sumsOf(loud), [quiet, quiet].map(sumsOf)],
    ["with nothing before", none, [sumsOf(loud)]],
  ])("there is none %s", (_, reference, windows) => expect(strongestRise(reference, windows)).toBeUndefined());

  test("one odd row does not raise the alarm, twenty like it do", () => {
    const usual = Array.from({ length: 50 }, (_, i) => 1 + (i % 5) / 10);
    const windows = (odd: number): LossSums[] => [usual, usual, usual, [...usual.slice(odd), ...Array.from({ length: odd }, () => 30)]].map(sumsOf);
    expect(strongestRise(sumsOf(usual), windows(1))!.z).toBeLessThan(deviateFor(1));
    expect(strongestRise(sumsOf(usual), windows(20))!.z).toBeGreaterThan(deviateFor(0.1));
  });

  test("windows that come and go by themselves, as seasons do, ask for more than rows that are independent", () => {
    const waves = (level: number): number[] => quiet.map((loss) => loss + level);
    const season = [0, 2, 0, 2, 0, 2, 0, 2].map(waves);
    const [steady, seasonal] = [season.map(() => waves(1)), season].map((windows) => strongestRise(none, [...windows, waves(3)].map(sumsOf))!.z);
    expect(seasonal).toBeLessThan(steady * 0.7);
    expect(seasonal).toBeLessThan(deviateFor(0.1));
  });
});

describe("false alarms keep to the rate that is stated, whatever the losses look like", () => {
  const random = seededRandom(3);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  test.each<[string, () => number, number]>([
    ["absolute errors", () => Math.abs(normal()), 20],
    ["few of them", () => Math.abs(normal()), 2],
    ["squared errors", () => normal() ** 2, 50],
    ["log losses of a noisy label", () => (random() < 0.1 ? 2.3 : 0.1), 50],
    ["waiting times", () => -Math.log(1 - random()), 10],
  ])("%s", (_, draw, labels) => {
    const window = (n: number): LossSums => sumsOf(Array.from({ length: n }, draw));
    const years = 40;
    let alarms = 0;
    for (let year = 0; year < years; year++) {
      const [reference, windows] = [window(200), [] as LossSums[]];
      for (let day = 0; day < 365; day++) {
        windows.push(window(labels));
        if (day % 3 === 0 && (strongestRise(reference, windows)?.z ?? 0) > deviateFor(0.5)) {
          alarms += 1;
          break;
        }
      }
    }
    expect(alarms / years).toBeLessThan(0.65);
  });
});
