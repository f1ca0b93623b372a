import { seededRandom, type Random } from "../../src/training/random.ts";
import { agrawal, claims, friedman, hyperplane, led, linearPrice, normal, rbf, sea, sine, stagger, type Concept, type Row } from "./concepts.ts";

/** A stream of rows on days: what a project's table is made of. */
export interface Stream {
  readonly name: string;
  /** `none`, `abrupt`, `gradual`, `recurring`, `seasonal`: what the concept does. */
  readonly drift: string;
  readonly task: "classification" | "regression";
  /** Days of history the first model is trained on, and days of production after them. */
  readonly history: number;
  readonly days: number;
  readonly perDay: number;
  /** Days a label takes. */
  readonly delay: number;
  /** Share of the labels that never come. */
  readonly unlabelled?: number;
  /** The concept of a day, days of history being below 0. */
  readonly concept: (day: number, random: Random) => Concept;
}

type Course = (day: number, random: Random) => number;

/** Which concept (0, 1, 2 …) rules: changed at these days at once. */
const abrupt = (...changes: readonly number[]): Course => (day) => changes.filter((change) => day >= change).length;
/** From one to the next within some days: more and more rows are of the new one. */
const gradual = (start: number, length: number): Course => (day, random) => (random() < (day - start) / length ? 1 : 0);
/** There and back again. */
const recurring = (period: number): Course => (day) => (day < 0 ? 0 : Math.floor(day / period) % 2);

const of = <T>(concepts: readonly T[], course: Course) => (day: number, random: Random): T => concepts[Math.min(concepts.length - 1, course(day, random))];

const year = 364;
const heavy = (random: Random): number => normal(random) / Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3);
const straight = [0, 1, 2, 3, 4];
const moved = [5, 6, 2, 8, 9];

const usual = { history: 56, days: year, perDay: 50, delay: 1 };

/** The streams the loop's defaults are judged on; none of the defaults was chosen on them. */
export const streams: readonly Stream[] = [
  { ...usual, name: "sea-none", drift: "none", task: "classification", concept: () => sea(8) },
  { ...usual, name: "sea-abrupt", drift: "abrupt", task: "classification", concept: of([sea(8), sea(12), sea(7)], abrupt(100, 230)) },
  { ...usual, name: "sea-gradual", drift: "gradual", task: "classification", concept: (day) => sea(8 + 6 * Math.max(0, day) / year) },
  { ...usual, name: "sea-weekly-30", drift: "abrupt", task: "classification", perDay: 10, delay: 30, concept: of([sea(8), sea(13)], abrupt(120)) },
  { ...usual, name: "stagger-abrupt", drift: "abrupt", task: "classification", concept: of([stagger(0), stagger(1), stagger(2)], abrupt(91, 210)) },
  { ...usual, name: "stagger-recurring", drift: "recurring", task: "classification", concept: of([stagger(0), stagger(2)], recurring(60)) },
  { ...usual, name: "stagger-gradual", drift: "gradual", task: "classification", concept: of([stagger(1), stagger(2)], gradual(100, 90)) },
  { ...usual, name: "agrawal-none", drift: "none", task: "classification", concept: () => agrawal(2) },
  { ...usual, name: "agrawal-abrupt", drift: "abrupt", task: "classification", concept: of([agrawal(2), agrawal(4), agrawal(7)], abrupt(80, 240)) },
  { ...usual, name: "agrawal-gradual", drift: "gradual", task: "classification", perDay: 100, concept: of([agrawal(1), agrawal(3)], gradual(60, 180)) },
  { ...usual, name: "agrawal-unlabelled", drift: "abrupt", task: "classification", unlabelled: 0.2, delay: 7, concept: of([agrawal(5), agrawal(2)], abrupt(150)) },
  { ...usual, name: "hyperplane-none", drift: "none", task: "classification", concept: () => hyperplane(0.4) },
  { ...usual, name: "hyperplane-gradual", drift: "gradual", task: "classification", concept: (day) => hyperplane((Math.max(0, day) / year) * Math.PI) },
  { ...usual, name: "hyperplane-abrupt", drift: "abrupt", task: "classification", perDay: 200, concept: of([hyperplane(0), hyperplane(2.5)], abrupt(140)) },
  { ...usual, name: "hyperplane-seasonal", drift: "seasonal", task: "classification", concept: (day) => hyperplane(1.2 * Math.sin((2 * Math.PI * day) / 91)) },
  { ...usual, name: "rbf-none", drift: "none", task: "classification", concept: () => rbf(0) },
  { ...usual, name: "rbf-gradual", drift: "gradual", task: "classification", perDay: 100, concept: (day) => rbf((Math.max(0, day) / year) * 3) },
  { ...usual, name: "rbf-abrupt", drift: "abrupt", task: "classification", concept: of([rbf(0), rbf(2)], abrupt(120)) },
  { ...usual, name: "led-abrupt", drift: "abrupt", task: "classification", concept: of([led(0), led(4), led(2)], abrupt(90, 220)) },
  { ...usual, name: "led-none", drift: "none", task: "classification", perDay: 30, concept: () => led(0) },
  { ...usual, name: "friedman-none", drift: "none", task: "regression", concept: () => friedman(straight) },
  { ...usual, name: "friedman-abrupt", drift: "abrupt", task: "regression", concept: of([friedman(straight), friedman(moved)], abrupt(130)) },
  { ...usual, name: "friedman-recurring", drift: "recurring", task: "regression", concept: of([friedman(straight), friedman(moved), friedman(straight)], abrupt(90, 220)) },
  { ...usual, name: "friedman-gradual", drift: "gradual", task: "regression", concept: of([friedman(straight), friedman(moved)], gradual(80, 120)) },
  { ...usual, name: "friedman-heavy", drift: "abrupt", task: "regression", concept: of([friedman(straight, (random) => 2 * heavy(random)), friedman(moved, (random) => 2 * heavy(random))], abrupt(160)) },
  { ...usual, name: "sine-abrupt", drift: "abrupt", task: "classification", concept: of([sine(1, false), sine(1, true), sine(2, false)], abrupt(90, 200)) },
  { ...usual, name: "sine-recurring", drift: "recurring", task: "classification", concept: of([sine(1, false, 0.05), sine(2, false, 0.05)], recurring(91)) },
  { ...usual, name: "price-daily", drift: "abrupt", task: "regression", history: 200, perDay: 1, concept: of([linearPrice(0, normal), linearPrice(1.6, normal)], abrupt(120)) },
  { ...usual, name: "price-gradual", drift: "gradual", task: "regression", perDay: 20, concept: (day) => linearPrice((Math.max(0, day) / year) * 2, (random) => 3 * normal(random)) },
  { ...usual, name: "price-none", drift: "none", task: "regression", perDay: 5, history: 90, concept: () => linearPrice(0.5, (random) => 5 * normal(random)) },
  { ...usual, name: "claims-none", drift: "none", task: "classification", perDay: 100, concept: () => claims(0.3, 0.02) },
  { ...usual, name: "claims-abrupt", drift: "abrupt", task: "classification", perDay: 200, delay: 7, concept: of([claims(0, 0.03), claims(1.6, 0.03)], abrupt(120)) },
  { ...usual, name: "busy-abrupt", drift: "abrupt", task: "classification", days: 120, history: 14, perDay: 1000, concept: of([agrawal(2), agrawal(3)], abrupt(50)) },
];

/** A row of a stream with its time (ms). */
export interface StreamRow extends Row {
  readonly time: number;
  /** Whether its label ever comes. */
  readonly labelled: boolean;
}

/** When every stream's production begins. */
export const productionStart = Date.UTC(2024, 0, 1);

/** All rows of a stream in order of time; the same for the same seed. */
export function rowsOf(stream: Stream, seed = 1): StreamRow[] {
  const random = seededRandom(Array.from(stream.name).reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, seed));
  const rows: StreamRow[] = [];
  for (let day = -stream.history; day < stream.days; day++) {
    for (let i = 0; i < stream.perDay; i++) {
      const time = productionStart + day * 86_400_000 + Math.floor(((i + 0.5) / stream.perDay) * 86_400_000);
      const row = stream.concept(day, random)(random);
      rows.push({ ...row, time, labelled: day < 0 || random() >= (stream.unlabelled ?? 0) });
    }
  }
  return rows;
}
