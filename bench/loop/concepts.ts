import type { Random } from "../../src/training/random.ts";

/** A row of a made stream: features by name, and the target. */
export interface Row {
  readonly features: Readonly<Record<string, number | string>>;
  readonly target: number | string;
}

/** One concept of a generator: draws a row. */
export type Concept = (random: Random) => Row;

/** A standard normal number (Box & Muller 1958). */
export const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const uniform = (random: Random, low: number, high: number): number => low + (high - low) * random();
const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)];
const flipped = (random: Random, noise: number, is: boolean): string => ((random() < noise ? !is : is) ? "yes" : "no");

/** SEA (Street & Kim 2001): two of three numbers decide by their sum; a tenth of the labels is turned. */
export const sea = (limit: number, noise = 0.1): Concept => (random) => {
  const [a, b, c] = [uniform(random, 0, 10), uniform(random, 0, 10), uniform(random, 0, 10)];
  return { features: { a, b, c }, target: flipped(random, noise, a + b <= limit) };
};

/** STAGGER (Schlimmer & Granger 1986): three categories, three concepts, no noise. */
export const stagger = (concept: 0 | 1 | 2): Concept => (random) => {
  const [size, color, shape] = [pick(random, ["small", "medium", "large"]), pick(random, ["red", "green", "blue"]), pick(random, ["square", "circle", "triangle"])];
  const is = [size === "small" && color === "red", color === "green" || shape === "circle", size === "medium" || size === "large"][concept];
  return { features: { size, color, shape }, target: is ? "yes" : "no" };
};

/** AGRAWAL (Agrawal, Imielinski & Swami 1993): applicants for a loan, classification functions 1 to 5 and 7; a share of the labels is turned. */
export const agrawal = (rule: 1 | 2 | 3 | 4 | 5 | 7, noise = 0.05): Concept => (random) => {
  const salary = uniform(random, 20_000, 150_000);
  const commission = salary >= 75_000 ? 0 : uniform(random, 10_000, 75_000);
  const age = Math.floor(uniform(random, 20, 81));
  const education = Math.floor(uniform(random, 0, 5));
  const zipcode = Math.floor(uniform(random, 0, 9));
  const value = (9 - zipcode) * 100_000 * uniform(random, 0.5, 1.5);
  const loan = uniform(random, 0, 500_000);
  const between = (x: number, low: number, high: number): boolean => x >= low && x <= high;
  const group = {
    1: () => age < 40 || age >= 60,
    2: () => (age < 40 ? between(salary, 50_000, 100_000) : age < 60 ? between(salary, 75_000, 125_000) : between(salary, 25_000, 75_000)),
    3: () => (age < 40 ? education <= 1 : age < 60 ? between(education, 1, 3) : between(education, 2, 4)),
    4: () =>
      age < 40 ? (education <= 1 ? between(salary, 25_000, 75_000) : between(salary, 50_000, 100_000)) : age < 60 ? (between(education, 1, 3) ? between(salary, 50_000, 100_000) : between(salary, 75_000, 125_000)) : between(education, 2, 4) ? between(salary, 50_000, 100_000) : between(salary, 25_000, 75_000),
    5: () => (age < 40 ? between(loan, 100_000, 300_000) : age < 60 ? between(loan, 200_000, 400_000) : between(loan, 300_000, 500_000)),
    7: () => 0.67 * (salary + commission) - 0.2 * loan - 20_000 > 0,
  }[rule]();
  return {
    features: { salary, commission, age, education: `level ${education}`, car: `make ${Math.floor(uniform(random, 1, 21))}`, zipcode: `zip ${zipcode}`, value, years: Math.floor(uniform(random, 1, 31)), loan },
    target: flipped(random, noise, group),
  };
};

/** A rotating hyperplane (Hulten, Spencer & Domingos 2001) in ten dimensions at an angle: two of the weights turn with it. */
export const hyperplane = (angle: number, noise = 0.05): Concept => (random) => {
  const x = Array.from({ length: 10 }, () => random());
  const weights = x.map((_, i) => (i === 0 ? 1 + Math.cos(angle) : i === 1 ? 1 + Math.sin(angle) : 0.5));
  const sum = x.reduce((all, value, i) => all + value * weights[i], 0);
  return { features: Object.fromEntries(x.map((value, i) => [`x${i}`, value])), target: flipped(random, noise, sum > weights.reduce((all, weight) => all + weight, 0) / 2) };
};

/** Random radial basis functions (Bifet et al. 2010): three classes around fifteen centres, which stand on circles at a phase. */
export const rbf = (phase: number): Concept => (random) => {
  const centre = Math.floor(random() * 15);
  const features = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`x${i}`, Math.sin(centre * 12.9898 + i * 78.233) * 2 + 0.8 * Math.sin(phase + centre + i) + 0.35 * normal(random)]),
  );
  return { features, target: `class ${centre % 3}` };
};

const segments = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"];

/** LED (Breiman et al. 1984): digits from seven noisy segments among ten lamps that mean nothing; a concept changes places of `swapped` of them. */
export const led = (swapped: number, noise = 0.1): Concept => (random) => {
  const digit = Math.floor(random() * 10);
  const lamps: string[] = Array.from(segments[digit]).map((on): string => ((random() < noise ? on !== "1" : on === "1") ? "on" : "off")).concat(Array.from({ length: 10 }, () => (random() < 0.5 ? "on" : "off")));
  for (let i = 0; i < swapped; i++) [lamps[i], lamps[7 + i]] = [lamps[7 + i], lamps[i]];
  return { features: Object.fromEntries(lamps.map((lamp, i) => [`lamp${i}`, lamp])), target: `digit ${digit}` };
};

/** Friedman's function (1991) of five of ten numbers; a concept gives the features other places. */
export const friedman = (places: readonly number[], noise: (random: Random) => number = normal): Concept => (random) => {
  const x = Array.from({ length: 10 }, () => random());
  const [a, b, c, d, e] = places.map((place) => x[place]);
  return {
    features: Object.fromEntries(x.map((value, i) => [`x${i}`, value])),
    target: 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + noise(random),
  };
};

/** SINE (Gama et al. 2004): whether a point lies under the curve, or above it when turned, beside two features that mean nothing. */
export const sine = (curve: 1 | 2, turned: boolean, noise = 0): Concept => (random) => {
  const [x, y] = [random(), random()];
  const under = curve === 1 ? y < Math.sin(x) : y < 0.5 + 0.3 * Math.sin(3 * Math.PI * x);
  return { features: { x, y, u: random(), v: random() }, target: flipped(random, noise, under !== turned) };
};

/** A linear relation with coefficients at an angle: a price that follows two drivers, with noise. */
export const linearPrice = (angle: number, noise: (random: Random) => number): Concept => (random) => {
  const [u, v, w] = [normal(random), normal(random), normal(random)];
  return { features: { u, v, w }, target: 100 + 10 * Math.cos(angle) * u + 10 * Math.sin(angle) * v + 5 * w + noise(random) };
};

/** Claims: few rows are positive, by a logistic rule whose weights stand at an angle. */
export const claims = (angle: number, rate: number): Concept => (random) => {
  const x = Array.from({ length: 4 }, () => normal(random));
  const score = Math.log(rate / (1 - rate)) - 1 + 1.5 * Math.cos(angle) * x[0] + 1.5 * Math.sin(angle) * x[1];
  return { features: Object.fromEntries(x.map((value, i) => [`x${i}`, value])), target: random() < 1 / (1 + Math.exp(-score)) ? "yes" : "no" };
};
