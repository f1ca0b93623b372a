import { closest } from "fastest-levenshtein";
import { notFound } from "../errors.ts";
import { auto } from "./auto.ts";
import { gradientBoosting } from "./gradient-boosting/gradient-boosting.ts";
import { linear } from "./linear/linear.ts";
import type { Trainer } from "./types.ts";

/** Every way of training, the default first. */
export const trainers: readonly Trainer[] = [gradientBoosting, linear, auto];

/** The trainer of that name; throws `training.unknown_trainer`, naming the nearest one. */
export function findTrainer(name: string): Trainer {
  const trainer = trainers.find((trainer) => trainer.name === name);
  if (trainer) return trainer;
  const names = trainers.map((trainer) => trainer.name);
  throw notFound(
    "training.unknown_trainer",
    `There is no trainer "${name}"; did you mean "${closest(name, names)}"? Known: ${names.join(", ")}.`,
  );
}
