import { useId, useState } from "react";
import { count, formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Panel } from "../../ui/panel.tsx";
import { imageSeries, type ImageSeries } from "./image-series.ts";
import "./logged-images.css";
import { trackingApi } from "./tracking-api.ts";

/** The pictures that `mlflow.log_image(…, key=, step=)` logged: a slider through the steps of each key. */
export function LoggedImages({ run }: { run: string }) {
  const { data } = useLiveQuery(["tracking", "files", run, "images"], (signal) => trackingApi("GET /runs/:id/files", { params: { id: run }, query: { path: "images" } }, { signal }));
  const series = imageSeries((data?.entries ?? []).filter(({ folder }) => !folder).map(({ path }) => path));
  if (series.length === 0) return null;
  return (
    <Panel title="Images" note={`${count(series.length, "key")}, by step.`}>
      <div className="image-series">
        {series.map((one) => (
          <Series key={one.key} run={run} series={one} />
        ))}
      </div>
    </Panel>
  );
}

function Series({ run, series: { key, images } }: { run: string; series: ImageSeries }) {
  const id = useId();
  // The newest until somebody chooses: it goes on while the run does.
  const [chosen, setChosen] = useState<number>();
  const at = Math.min(chosen ?? images.length - 1, images.length - 1);
  const { step, path } = images[at];
  return (
    <figure>
      <img src={`/api/tracking/runs/${encodeURIComponent(run)}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`} alt={`${key} at step ${step}`} loading="lazy" />
      <figcaption>
        <b>{key}</b>
        <label htmlFor={id} className="small muted">
          <span className="visually-hidden">{key}, </span>
          step {formatNumber(step)}
          {images.length > 1 ? `, ${at + 1} of ${images.length}` : ""}
        </label>
        {images.length > 1 ? (
          <input id={id} type="range" min={0} max={images.length - 1} value={at} aria-valuetext={`step ${step}`} onChange={(event) => setChosen(Number(event.target.value))} />
        ) : null}
      </figcaption>
    </figure>
  );
}
