import { useState } from "react";
import { useAddress } from "../../ui/address.ts";
import { count } from "../../ui/format.ts";
import type { Axis, DrawnRun } from "./chart-lines.ts";
import "./charts.css";
import { MetricChart, type ChartSettings } from "./metric-chart.tsx";

const axes: readonly (readonly [Axis, string])[] = [["step", "step"], ["time", "time"], ["relative", "time since the start"]];
const atOnce = 12;

/** Charts of all metrics, drawn alike; the settings are in the address. */
export function MetricCharts({ metrics, runs }: { metrics: readonly string[]; runs: readonly DrawnRun[] }) {
  const [address, change] = useAddress();
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState(atOnce);
  const axis = axes.find(([name]) => name === address["x"])?.[0] ?? "step";
  const weight = Math.min(0.99, Math.max(0, Number(address["smooth"] ?? 0) || 0));
  const settings: ChartSettings = { axis, weight, logarithmic: address["log"] === "yes" };
  const found = metrics.filter((metric) => metric.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <div className="stack">
      <div className="chart-settings">
        <label className="pair">
          <span>Horizontal axis</span>
          <select className="select" value={axis} onChange={(event) => change({ x: event.target.value === "step" ? undefined : event.target.value })}>
            {axes.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
        <label className="pair">
          <span>Smoothing {weight === 0 ? "off" : weight.toFixed(2)}</span>
          <input type="range" min={0} max={0.99} step={0.01} value={weight} onChange={(event) => change({ smooth: event.target.value === "0" ? undefined : event.target.value })} />
        </label>
        <label className="check"><input type="checkbox" checked={settings.logarithmic} onChange={(event) => change({ log: event.target.checked ? "yes" : undefined })} /> Logarithmic</label>
        {metrics.length > 4 ? <input className="input" type="search" value={search} placeholder="Search metrics" aria-label="Search metrics" onChange={(event) => setSearch(event.target.value)} /> : null}
      </div>
      <div className={found.length > 1 ? "charts" : ""}>
        {found.slice(0, shown).map((metric) => (
          <section key={metric} className="chart-cell" aria-label={metric}>
            <h3>{metric}</h3>
            <MetricChart metric={metric} runs={runs} settings={settings} height={found.length > 1 ? 200 : 280} />
          </section>
        ))}
      </div>
      {found.length > shown ? <p><button type="button" className="button" onClick={() => setShown(shown + atOnce)}>Show more ({count(found.length - shown, "metric")})</button></p> : null}
      {found.length === 0 ? <p className="muted">No metric has {JSON.stringify(search)} in its name.</p> : null}
    </div>
  );
}
