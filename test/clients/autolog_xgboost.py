"""XGBoost's autologging as its users write it."""
import mlflow
import xgboost
from autolog_checks import check
from sklearn.datasets import load_diabetes

mlflow.set_experiment("autolog xgboost")
mlflow.xgboost.autolog()
X, y = load_diabetes(return_X_y=True, as_frame=True)
data = xgboost.DMatrix(X, y)
with mlflow.start_run() as run:
    model = xgboost.train({"max_depth": 3, "eta": 0.2, "objective": "reg:squarederror"}, data, num_boost_round=20, evals=[(data, "train")], verbose_eval=False)
assert len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "train-rmse")) >= 20
check(run.info.run_id, X, model.predict(data), metrics=["train-rmse"], params=["max_depth", "eta", "num_boost_round"], close=1e-3)
