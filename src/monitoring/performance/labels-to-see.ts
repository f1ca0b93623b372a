import { deviateFor } from "./change-point.ts";

/**
 * Labels after which the performance alarm sees a rise of the loss as often as not: those at which the rise is `deviateFor` standard errors large,
 * n = ((1 + r)·z·s / r)², since losses that rise by the share r spread by it, too. How far that is from what the alarm needs is measured by
 * `bench/monitoring/rise-delay.ts`; a rise is seen at the end of a window, and few labels before it lengthen it.
 *
 * @param rise the share by which the mean loss rises, above 0
 * @param spread the standard deviation of a row's loss beside its mean
 * @param falseAlarms in 365 windows
 */
export const labelsToSee = (rise: number, spread: number, falseAlarms: number): number => (((1 + rise) * deviateFor(falseAlarms) * spread) / rise) ** 2;
