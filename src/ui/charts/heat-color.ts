/**
 * The colour of a distance against its threshold: shades of water below it, of copper from it on, deepest at three times the threshold.
 * The two hues tell drifted from not drifted; the depth tells how far.
 */
export function heatColor(value: number, threshold: number): string {
  if (value >= threshold) return `color-mix(in oklab, var(--copper) ${Math.round(55 + 45 * Math.min(1, (value / threshold - 1) / 2))}%, var(--surface))`;
  return `color-mix(in oklab, var(--water) ${Math.round(4 + 36 * Math.max(0, value / threshold))}%, var(--raised))`;
}
