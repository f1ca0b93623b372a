"""What every session of autologging is held to: metrics, params, a model with a signature, which loads back and predicts the same."""
import json

import mlflow
import numpy as np
from mlflow import MlflowClient


def check(run_id, inputs, expected, *, metrics, params, close=1e-6, signed=True):
    client = MlflowClient()
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED", run.info
    for key in metrics:
        assert key in run.data.metrics, f"{key} is not among {sorted(run.data.metrics)}"
        assert client.get_metric_history(run_id, key), key
    for key in params:
        assert key in run.data.params, f"{key} is not among {sorted(run.data.params)}"
    if hasattr(mlflow, "search_logged_models"):
        models = mlflow.search_logged_models(experiment_ids=[run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'", output_format="list")
        assert [m.status for m in models] == ["READY"], models
        uri = f"models:/{models[0].model_id}"
        assert [m.model_id for m in run.outputs.model_outputs] == [models[0].model_id]
    else:
        uri = f"runs:/{run_id}/model"
    info = mlflow.models.get_model_info(uri)
    if signed:
        assert info.signature is not None and info.signature.inputs is not None and info.signature.outputs is not None, uri
    got = mlflow.pyfunc.load_model(uri).predict(inputs)
    assert np.allclose(np.asarray(got, dtype=float).ravel(), np.asarray(expected, dtype=float).ravel(), atol=close), (got, expected)
    print(json.dumps({"done": True, "metrics": len(run.data.metrics), "params": len(run.data.params)}))
