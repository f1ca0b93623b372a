import { SvgPicture } from "../../ui/charts/svg-picture.tsx";
import { formatNumber } from "../../ui/format.ts";
import { hasEnd, type DifferenceInterval } from "./whisker-scale.ts";

/**
 * A paired difference with its interval, on a scale that ends at `most` on either side of 0. Intervals of different comparisons
 * differ by orders of magnitude, so lengths are drawn in proportion to the square root.
 */
export function DifferenceWhisker({ evidence: { difference, low, high }, most }: { evidence: DifferenceInterval; most: number }) {
  const at = (value: number): string => `${50 + 46 * Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value) / most))}%`;
  const color = low > 0 ? "var(--good)" : high < 0 ? "var(--bad)" : "var(--muted)";
  const interval = hasEnd({ low, high }) ? `${formatNumber(low)} to ${formatNumber(high)}` : "without end: too few pairs";
  return (
    <span className="row" style={{ flexWrap: "nowrap" }}>
      <SvgPicture width="150" height="22" label={`difference ${formatNumber(difference)}, interval ${interval}`} style={{ flex: "none" }}>
        <title>{`${formatNumber(difference)} (${interval})`}</title>
        <line x1="50%" x2="50%" y1="1" y2="21" stroke="var(--strong-line)" />
        <line x1={at(low)} x2={at(high)} y1="11" y2="11" stroke={color} strokeWidth="3" strokeLinecap="round" opacity="0.55" />
        <circle cx={at(difference)} cy="11" r="4.5" fill={color} />
      </SvgPicture>
    </span>
  );
}
