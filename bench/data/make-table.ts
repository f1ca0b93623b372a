import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { seededRandom } from "../../src/training/random.ts";

const categories = [["red", "green", "blue", "yellow"], ["north", "south", "east", "west", "centre"], Array.from({ length: 40 }, (_, at) => `k${at}`), ["yes", "no", "maybe"]];

/** Writes a table of 20 columns: 15 normal numbers of five decimals, a target `y` made of three of them and noise, four categories. The same rows for the same number of them. */
export async function makeTable(path: string, rows: number): Promise<void> {
  const random = seededRandom(1);
  // Box and Muller's transform.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const file = createWriteStream(path);
  file.write(`${[...Array.from({ length: 15 }, (_, at) => `n${at}`), "y", ...categories.map((_, at) => `c${at}`)].join(",")}\n`);
  for (let row = 0; row < rows; ) {
    let text = "";
    for (const until = Math.min(rows, row + 1000); row < until; row++) {
      const x = Array.from({ length: 15 }, normal);
      const y = 2 * x[0] + x[1] * x[2] + normal();
      text += `${x.map((value) => value.toFixed(5)).join(",")},${y.toFixed(4)},${categories.map((names) => names[Math.floor(random() * names.length)]).join(",")}\n`;
    }
    if (!file.write(text)) await new Promise((resolve) => file.once("drain", () => resolve(undefined)));
  }
  file.end();
  await finished(file);
}
