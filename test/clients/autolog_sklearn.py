"""scikit-learn's autologging as its users write it, a search over parameters included."""
import mlflow
from autolog_checks import check
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GridSearchCV, train_test_split

mlflow.set_experiment("autolog sklearn")
mlflow.sklearn.autolog()
X, y = load_diabetes(return_X_y=True, as_frame=True)
train_X, test_X, train_y, test_y = train_test_split(X, y, random_state=1)
with mlflow.start_run() as run:
    model = RandomForestRegressor(n_estimators=10, max_depth=4, random_state=1).fit(train_X, train_y)
    model.score(test_X, test_y)
with mlflow.start_run() as search:
    GridSearchCV(RandomForestRegressor(n_estimators=5, random_state=1), {"max_depth": [2, 3]}, cv=2).fit(train_X, train_y)
children = MlflowClient().search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{search.info.run_id}'")
assert sorted(child.data.params["max_depth"] for child in children) == ["2", "3"], children
dataset = MlflowClient().get_run(run.info.run_id).inputs.dataset_inputs
assert {tag.value for one in dataset for tag in one.tags} == {"train"}, dataset
check(run.info.run_id, test_X, model.predict(test_X), metrics=["training_mean_squared_error", "training_r2_score", "RandomForestRegressor_score_test_X"], params=["n_estimators", "max_depth"])
