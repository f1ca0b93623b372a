import { formatPercent } from "../format.ts";
import "./charts.css";

/** How a whole is divided, as one bar. Shares of nothing are left out. */
export function SplitBar({ label, parts }: { label: string; parts: readonly { readonly name: string; readonly share: number; readonly color: string }[] }) {
  const some = parts.filter((part) => part.share > 0);
  return (
    <div className="split-bar" role="img" aria-label={`${label}: ${some.map((part) => `${part.name} ${formatPercent(part.share)}`).join(", ")}`}>
      {some.map((part) => (
        <span key={part.name} style={{ flex: part.share, background: part.color }}>
          {part.name} {formatPercent(part.share)}
        </span>
      ))}
    </div>
  );
}
