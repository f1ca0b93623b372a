"""
Logs models that converters are known to change silently to the server in MLFLOW_TRACKING_URI; with CHECK set to names (with commas), loads the
ONNX versions that were made of these and compares them with the models, on rows of its own.
"""
import json
import os
import warnings

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.base import is_regressor

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
X = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
y = 2 * X["a"] + X["b"]
gaps = X.mask(rng.random(X.shape) < 0.2)
two, three, positive, share = np.where(y > 0, "up", "down"), np.digitize(y, [-1, 1]), np.exp(y / 2), 1 / (1 + np.exp(-y))
categories = pd.DataFrame({"a": rng.integers(0, 6, 400).astype(float), "b": X["b"]})
means = np.array([0, 10, 1, 11, 2, 12])[categories["a"].astype(int)]
zeros = X.mask(rng.random(X.shape) < 0.3, 0.0)


def sklearn_models():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import BaggingClassifier, ExtraTreesRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    empty = gaps.assign(c=np.nan)
    return {
        "tree-missing": (DecisionTreeClassifier(max_depth=5, random_state=0), gaps, two),
        "forest-missing": (RandomForestClassifier(10, max_depth=5, random_state=0), gaps, three),
        "extra-missing": (ExtraTreesRegressor(10, max_depth=5, random_state=0), gaps, y),
        "isolation-missing": (IsolationForest(n_estimators=10, random_state=0), gaps, None),
        "hgb-boundary": (HistGradientBoostingClassifier(max_iter=20), gaps, two),
        "hgb-poisson": (HistGradientBoostingRegressor(loss="poisson", max_iter=20), gaps, positive),
        "hgb-gamma": (HistGradientBoostingRegressor(loss="gamma", max_iter=20), gaps, positive),
        "hgb-categories": (HistGradientBoostingRegressor(categorical_features=[0], max_iter=50), categories, means),
        "indicator": (make_pipeline(SimpleImputer(add_indicator=True), LinearRegression()), gaps, y),
        "empty-column": (make_pipeline(SimpleImputer(), LinearRegression()), empty, y),
        "knn-distance": (KNeighborsRegressor(weights="distance"), X, y),
        "knn-votes": (KNeighborsClassifier(weights="distance"), X, two),
        "bagging": (BaggingClassifier(LinearSVC(), n_estimators=5, random_state=0), X, two),
        "lda-two": (LinearDiscriminantAnalysis(), X, two),
        "qda": (QuadraticDiscriminantAnalysis(), X, two),
        "svc-scores": (SVC(), X, two),
        "protobuf": (HistGradientBoostingRegressor(max_iter=10), gaps, y),
    }


def boosted_models():
    from catboost import CatBoostClassifier, CatBoostRegressor
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor

    trees = {"n_estimators": 20, "verbose": -1, "num_leaves": 8}
    forest = {**trees, "boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}
    cats = {"iterations": 20, "depth": 3, "verbose": 0, "allow_writing_files": False}
    boost = {"n_estimators": 10, "max_depth": 3}
    return {
        "lgb-boundary": (LGBMClassifier(**trees), gaps, two),
        "lgb-linear-tree": (LGBMRegressor(linear_tree=True, **trees), X, y),
        "lgb-zero": (LGBMRegressor(zero_as_missing=True, **trees), zeros, y),
        "lgb-sqrt": (LGBMRegressor(reg_sqrt=True, **trees), gaps, y),
        "lgb-sigmoid": (LGBMClassifier(sigmoid=2, **trees), gaps, two),
        "lgb-ova": (LGBMClassifier(objective="multiclassova", **trees), gaps, three),
        "lgb-rf": (LGBMRegressor(**forest), gaps, y),
        "lgb-rf-two": (LGBMClassifier(**forest), gaps, two),
        "lgb-rf-three": (LGBMClassifier(**forest), gaps, three),
        "xgb-logistic": (XGBRegressor(objective="reg:logistic", **boost), gaps, share),
        "xgb-softmax": (XGBClassifier(objective="multi:softmax", **boost), gaps, three),
        "xgb-names": (XGBRegressor(**boost), gaps.set_axis(["f2", "f0", "f1"], axis=1), y),
        "xgb-dart": (XGBRegressor(booster="dart", rate_drop=0.5, **boost), gaps, y),
        "cat-poisson": (CatBoostRegressor(loss_function="Poisson", **cats), gaps, positive),
        "cat-tweedie": (CatBoostRegressor(loss_function="Tweedie:variance_power=1.5", **cats), gaps, positive),
        "cat-ova": (CatBoostClassifier(loss_function="MultiClassOneVsAll", **cats), gaps, three),
        "cat-multilogloss": (CatBoostClassifier(loss_function="MultiLogloss", **cats), gaps, np.c_[three > 0, three > 1].astype(int)),
        "cat-threshold": (CatBoostClassifier(**cats), gaps, two),
        "cat-multirmse": (CatBoostRegressor(loss_function="MultiRMSE", **cats), gaps, np.c_[y, share]),
        "cat-uncertainty": (CatBoostRegressor(loss_function="RMSEWithUncertainty", **cats), gaps, y),
    }


def fitted(name, model, rows, truth):
    model.fit(rows, *([] if truth is None else [truth]))
    if name == "cat-threshold":
        model.set_probability_threshold(0.8)
    return model


def log(name, model, rows):
    library = {"lgb": "lightgbm", "xgb": "xgboost", "cat": "catboost"}.get(name.split("-")[0], "sklearn")
    flavor = __import__(f"mlflow.{library}", fromlist=["log_model"])
    more = {"serialization_format": "cloudpickle"} if library in ("sklearn", "lightgbm") else {}
    # The first rows of the complete table: an example that shows none of the errors that missing values bring.
    example = (rows if name in ("hgb-categories", "empty-column") else X.set_axis(rows.columns, axis=1)).head(20).astype(float)
    with mlflow.start_run():
        flavor.log_model(model, name="model", signature=infer_signature(example, model.predict(example)), input_example=example, registered_model_name=name, pip_requirements=[], **more)


def check(name, model, rows):
    import onnxruntime

    version = mlflow.onnx.load_model(f"models:/{name}/2")
    session = onnxruntime.InferenceSession(version.SerializeToString())
    values = rows.to_numpy(dtype=np.float32)
    got = session.run(None, {"input": values})
    frame = pd.DataFrame(values.astype(float), columns=rows.columns)
    if is_regressor(model):
        np.testing.assert_allclose(np.ravel(got[0]), model.predict(frame), rtol=1e-4, atol=1e-5, err_msg=name)
        return
    assert [str(label) for label in np.ravel(got[0])] == [str(label) for label in np.ravel(model.predict(frame))], name
    if len(got) > 1:
        want = model.predict_proba(frame) if hasattr(model, "predict_proba") else model.decision_function(frame).reshape(len(frame), -1)
        np.testing.assert_allclose(got[1], want, atol=1e-5, err_msg=name)


models = {**(sklearn_models() if "sklearn" in os.environ["MODELS"] else {}), **(boosted_models() if "boosted" in os.environ["MODELS"] else {})}
wanted = os.environ["CHECK"].split(",") if "CHECK" in os.environ else os.environ["NAMES"].split(",") if "NAMES" in os.environ else list(models)
for name in wanted:
    model, rows, truth = models[name]
    fitted(name, model, rows, truth)
    if "CHECK" in os.environ:
        check(name, model, rows)
    else:
        log(name, model, rows)
print(json.dumps({"done": wanted}))
