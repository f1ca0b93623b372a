/**
 * The colour of a distance against its threshold: shades of water below it, of copper from it on, deepest at ten times the threshold.
 * The two hues tell drifted from not drifted; the depth tells how far.
 */
export function heatColor(value: number, threshold: number): string {
  if (value >= threshold) return `color-mix(in oklab, var(--copper) ${Math.round(45 + 55 * Math.min(1, Math.log10(value / threshold)))}%, var(--surface))`;
  return `color-mix(in oklab, var(--water) ${Math.round(4 + 36 * Math.max(0, value / threshold))}%, var(--raised))`;
}
