import { Anchor } from "../../ui/anchor.tsx";
import { CodeBlock } from "../../ui/json-view.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { TrackedPanels, useTracked } from "./tracked-panels.tsx";

/** The start of a home without a model: what clients logged, if they did, and what to do next. */
export function FirstSteps() {
  const tracked = useTracked();
  return <Loaded query={tracked}>{({ experiments }) => (experiments.some(({ runs }) => runs > 0) ? <OnlyTracked /> : <Nothing />)}</Loaded>;
}

function Nothing() {
  return (
    <EmptyNotice title="No model yet">
      <p>
        Run <code>millrace init TABLE</code> in the folder of a table (CSV, Parquet, JSON lines), then <code>millrace run</code>. Its model appears here.
      </p>
      <p>
        <code>millrace tour</code> shows the whole loop on two years of bike rentals, in about two minutes.
      </p>
      <p>
        Programs that log to MLflow change one line, <code>mlflow.set_tracking_uri("{location.origin}")</code>; their runs appear under <Anchor to="/runs">Runs</Anchor>.
      </p>
    </EmptyNotice>
  );
}

function OnlyTracked() {
  return (
    <>
      <TrackedPanels />
      <Panel title="What comes next" note="Runs are tracked here; no model is registered yet.">
        <div className="stack">
          <p>A run's model becomes a version when it is logged with a name; then it can be deployed, compared and rolled back:</p>
          <CodeBlock label="Registering a model" text={'mlflow.sklearn.log_model(model, name="model", registered_model_name="my_model")\n# or later:\nmlflow.register_model("runs:/RUN_ID/model", "my_model")'} />
          <p>
            Or let Millrace train, judge, serve and watch one from a table: <code>millrace init TABLE</code>, then <code>millrace run</code>.
          </p>
        </div>
      </Panel>
    </>
  );
}
