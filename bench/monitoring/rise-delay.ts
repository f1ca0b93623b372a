// After how many labels the performance alarm sees a rise, beside the formula of docs/rooms/optimization.md: node bench/monitoring/rise-delay.ts [--repeats N]
// Losses of a model that was right for a while rise by a share at once; after each window the alarm of `strongestRise` is asked, as the loop asks it.
import { parseArgs } from "node:util";
import { deviateFor, strongestRise, type LossSums } from "../../src/monitoring/performance/change-point.ts";
import { labelsToSee } from "../../src/monitoring/performance/labels-to-see.ts";
import { seededRandom, type Random } from "../../src/training/random.ts";

const { values: options } = parseArgs({ options: { repeats: { type: "string", default: "400" } } });
const falseAlarms = 0.1;
/** So many labels are waited for. */
const most = 4000;
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A loss, and the standard deviation of its distribution beside its mean. */
const losses: readonly (readonly [name: string, spread: number, draw: (random: Random) => number])[] = [
  ["absolute errors, normal", Math.sqrt(Math.PI / 2 - 1), (random) => Math.abs(normal(random))],
  ["absolute errors, exponential", 1, (random) => -Math.log(1 - random())],
  ["log losses, sure and wrong in a tenth", Math.sqrt(0.1 * 2.3 ** 2 + 0.9 * 0.1 ** 2 - (0.1 * 2.3 + 0.9 * 0.1) ** 2) / (0.1 * 2.3 + 0.9 * 0.1), (random) => (random() < 0.1 ? 2.3 : 0.1)],
  ["heavy tails (log-normal, σ = 1)", Math.sqrt(Math.E - 1), (random) => Math.exp(normal(random))],
];

/** Labels since the change until the alarm; undefined where a false one came before it. */
function delay(draw: (random: Random) => number, rise: number, perWindow: number, judged: number, quiet: number, random: Random): number | undefined {
  const sums = (n: number, times: number): LossSums => {
    const sum = { n, sum: 0, squares: 0 };
    for (let i = 0; i < n; i++) {
      const loss = times * draw(random);
      sum.sum += loss;
      sum.squares += loss ** 2;
    }
    return sum;
  };
  const reference = sums(judged, 1);
  const windows = Array.from({ length: quiet }, () => sums(perWindow, 1));
  if ((strongestRise(reference, windows)?.z ?? 0) > deviateFor(falseAlarms)) return undefined;
  for (let labels = perWindow; labels < most; labels += perWindow) {
    windows.push(sums(perWindow, 1 + rise));
    // Of windows of a label every fifth is looked at.
    if (perWindow === 1 && labels % 5 !== 0) continue;
    const found = strongestRise(reference, windows);
    if (found && found.labels >= 5 && found.z > deviateFor(falseAlarms)) return labels;
  }
  return most;
}

console.log("| loss | spread s | rise r | labels a window | rows judged, and labels before | labels, by the formula | median, measured | 9 of 10 seen by | formula ÷ measured |\n|---|---|---|---|---|---|---|---|---|");
for (const [name, spread, draw] of losses) {
  for (const rise of [0.2, 0.5, 1]) {
    for (const [perWindow, judged, quiet] of [[1, 200, 200], [10, 400, 100], [50, 2000, 60]] as const) {
      const random = seededRandom(3);
      const found = Array.from({ length: Number(options.repeats) }, () => delay(draw, rise, perWindow, judged, quiet, random)).filter((labels) => labels !== undefined).sort((a, b) => a - b);
      const [half, nearly] = [found[Math.floor(found.length / 2)], found[Math.floor(found.length * 0.9)]];
      const formula = labelsToSee(rise, spread, falseAlarms);
      console.log(`| ${[name, spread.toFixed(2), `${100 * rise} %`, perWindow, `${judged}, ${perWindow * quiet}`, Math.ceil(formula), half, nearly, (formula / half).toFixed(2)].join(" | ")} |`);
    }
  }
}
