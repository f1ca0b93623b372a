"""LightGBM's autologging as its users write it."""
import lightgbm
import mlflow
from autolog_checks import check
from sklearn.datasets import load_diabetes

mlflow.set_experiment("autolog lightgbm")
mlflow.lightgbm.autolog()
X, y = load_diabetes(return_X_y=True, as_frame=True)
data = lightgbm.Dataset(X, y)
with mlflow.start_run() as run:
    model = lightgbm.train({"objective": "regression", "num_leaves": 7, "verbose": -1}, data, num_boost_round=20, valid_sets=[data], valid_names=["train"])
assert len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "train-l2")) >= 20
check(run.info.run_id, X, model.predict(X), metrics=["train-l2"], params=["num_leaves", "num_boost_round"])
