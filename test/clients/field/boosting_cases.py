"""LightGBM and XGBoost by onnxmltools, CatBoost by its own export, each as its documentation shows it."""
import tempfile
from pathlib import Path

import catboost
import lightgbm
import onnx
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from case import Case, X, asked, colours, np, positive, three, two, words, y

NAMES = ["a", "b", "c", "d"]
types = [("input", FloatTensorType([None, 4]))]


def onnxmltools_case(name, family, convert, fitted, classes=None, **options):
    model = convert(fitted, initial_types=types, **options)
    outputs = [output.name for output in model.graph.output]
    library = {outputs[0]: fitted.predict(asked)}
    if hasattr(fitted, "predict_proba"):
        library[outputs[1]] = fitted.predict_proba(asked)
    return Case(name, family, model, {"input": asked}, library=library, columns=NAMES, tolerance=1e-3)


def lightgbm_cases():
    family = "LightGBM (onnxmltools)"
    convert, usual = onnxmltools.convert_lightgbm, {"n_estimators": 8, "verbose": -1, "n_jobs": 1}
    yield onnxmltools_case("lgbm_regressor", family, convert, lightgbm.LGBMRegressor(**usual).fit(X, y))
    yield onnxmltools_case("lgbm_poisson", family, convert, lightgbm.LGBMRegressor(objective="poisson", **usual).fit(X, positive))
    yield onnxmltools_case("lgbm_quantile", family, convert, lightgbm.LGBMRegressor(objective="quantile", **usual).fit(X, y))
    yield onnxmltools_case("lgbm_binary", family, convert, lightgbm.LGBMClassifier(**usual).fit(X, two))
    yield onnxmltools_case("lgbm_binary_matrix", family, convert, lightgbm.LGBMClassifier(**usual).fit(X, two), zipmap=False)
    yield onnxmltools_case("lgbm_words", family, convert, lightgbm.LGBMClassifier(**usual).fit(X, words))
    yield onnxmltools_case("lgbm_three", family, convert, lightgbm.LGBMClassifier(**usual).fit(X, three))
    yield onnxmltools_case("lgbm_colours_matrix", family, convert, lightgbm.LGBMClassifier(**usual).fit(X, colours), zipmap=False)


def xgboost_cases():
    family = "XGBoost (onnxmltools)"
    convert, usual = onnxmltools.convert_xgboost, {"n_estimators": 8, "n_jobs": 1}
    yield onnxmltools_case("xgb_regressor", family, convert, xgboost.XGBRegressor(**usual).fit(X, y))
    yield onnxmltools_case("xgb_poisson", family, convert, xgboost.XGBRegressor(objective="count:poisson", **usual).fit(X, np.round(positive)))
    yield onnxmltools_case("xgb_binary", family, convert, xgboost.XGBClassifier(**usual).fit(X, two))
    yield onnxmltools_case("xgb_three", family, convert, xgboost.XGBClassifier(**usual).fit(X, three))
    yield onnxmltools_case("xgb_forest", family, convert, xgboost.XGBRFClassifier(**usual).fit(X, two))


def catboost_cases():
    family = "CatBoost (its own export)"
    usual = {"iterations": 6, "verbose": 0, "thread_count": 1, "allow_writing_files": False, "random_seed": 0}
    models = {
        "cat_regressor": (catboost.CatBoostRegressor(**usual), y), "cat_binary": (catboost.CatBoostClassifier(**usual), two), "cat_words": (catboost.CatBoostClassifier(**usual), words),
        "cat_three": (catboost.CatBoostClassifier(**usual), three), "cat_colours": (catboost.CatBoostClassifier(**usual), colours),
    }
    for name, (estimator, target) in models.items():
        fitted = estimator.fit(X, target)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model.onnx")
            fitted.save_model(path, format="onnx")
            model = onnx.load(path)
        if name == "cat_regressor":
            library = {"predictions": fitted.predict(asked)}
        else:
            library = {"label": np.ravel(fitted.predict(asked)), "probabilities": fitted.predict_proba(asked)}
        yield Case(name, family, model, {"features": asked}, library=library, columns=NAMES, tolerance=1e-3)


def cases():
    for make in (lightgbm_cases, xgboost_cases, catboost_cases):
        yield from make()
