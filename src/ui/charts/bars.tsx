import { formatNumber, formatPercent } from "../format.ts";
import "./charts.css";
import { SvgPicture } from "./svg-picture.tsx";

interface BarsProps {
  readonly summary: string;
  /** Heights of the bars, in order; drawn in proportion to the highest. */
  readonly values: readonly number[];
  /** Drawn as an outline over the bars, on the same scale. */
  readonly outline?: readonly number[];
  readonly color?: string;
  readonly titleOf?: (index: number) => string;
  readonly height?: number;
}

/** Bars side by side without axes: the shape of a distribution. */
export function Bars({ summary, values, outline, color = "var(--water)", titleOf, height = 56 }: BarsProps) {
  const most = Math.max(...values, ...(outline ?? []), Number.MIN_VALUE);
  const tall = (value: number): number => (value / most) * 100;
  return (
    <SvgPicture className="bars" label={summary} style={{ height }} viewBox={`0 0 ${values.length} 100`} preserveAspectRatio="none">
      {values.map((value, index) => (
        <rect key={index} x={index + 0.06} width={0.88} y={100 - tall(value)} height={tall(value)} fill={color}>
          <title>{titleOf?.(index) ?? formatNumber(value)}</title>
        </rect>
      ))}
      {outline ? (
        <path
          d={outline.map((value, index) => `${index === 0 ? "M" : "L"}${index} ${100 - tall(value)}H${index + 1}`).join("")}
          fill="none"
          stroke="var(--copper)"
          strokeWidth="2"
          vectorEffect="non-scaling-stroke"
        />
      ) : null}
    </SvgPicture>
  );
}

/** Names with bars, longest first as given: top values, importances. `share` sets the length, of 0 to 1. */
export function BarList({ label, items }: { label: string; items: readonly { readonly name: string; readonly share: number; readonly text?: string }[] }) {
  const most = Math.max(...items.map((item) => item.share), Number.MIN_VALUE);
  return (
    <ul className="bar-list" aria-label={label}>
      {items.map((item) => (
        <li key={item.name}>
          <span className="name" title={item.name}>
            {item.name}
          </span>
          <span className="track" aria-hidden="true">
            <span className="fill" style={{ width: `${(item.share / most) * 100}%` }} />
          </span>
          <span className="number">{item.text ?? formatPercent(item.share)}</span>
        </li>
      ))}
    </ul>
  );
}
