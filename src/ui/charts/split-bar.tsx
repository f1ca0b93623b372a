import { formatPercent } from "../format.ts";
import "./charts.css";

/** How a whole is divided, as one bar. Shares of nothing are left out. */
export function SplitBar({ label, parts }: { label: string; parts: readonly { readonly name: string; readonly share: number; readonly color: string }[] }) {
  return (
    <ul className="split-bar" aria-label={label}>
      {parts
        .filter((part) => part.share > 0)
        .map((part) => (
          <li key={part.name} style={{ flex: part.share, background: part.color }}>
            {part.name} {formatPercent(part.share)}
          </li>
        ))}
    </ul>
  );
}
