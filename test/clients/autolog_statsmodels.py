"""statsmodels' autologging as its users write it."""
import mlflow
import statsmodels.api as sm
from autolog_checks import check
from sklearn.datasets import load_diabetes

mlflow.set_experiment("autolog statsmodels")
mlflow.statsmodels.autolog(log_models=True)
X, y = load_diabetes(return_X_y=True, as_frame=True)
with mlflow.start_run() as run:
    model = sm.OLS(y, X).fit()
    predicted = model.predict(X)
# The client infers no whole signature here, against no server.
check(run.info.run_id, X, predicted, metrics=["rsquared", "aic"], params=["method"], signed=False)
