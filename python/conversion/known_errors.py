"""Silent errors of converters that are known: named when a model may have one and its graph answers otherwise than the model."""

import numpy

KEEP = "Keep the model as it is: a gateway with --python serves it"


def parts_of(model, depth=0):
    """The model and the models within it: steps of pipelines, columns of transformers, estimators of ensembles."""
    yield model
    if depth > 6:
        return
    inner = []
    for name in ("steps", "transformers_", "transformer_list"):
        inner += [part for entry in getattr(model, name, None) or [] for part in entry if hasattr(part, "get_params")]
    for name in ("estimator", "estimator_", "best_estimator_", "regressor_", "final_estimator_", "calibrated_classifiers_"):
        part = getattr(model, name, None)
        inner += [one for one in (part if isinstance(part, list) else [part]) if hasattr(one, "get_params") and not isinstance(one, type)]
    if type(model).__module__.startswith("sklearn.") and "Gradient" not in type(model).__name__:
        inner += [one for one in list(numpy.ravel(getattr(model, "estimators_", None) or []))[:1] if hasattr(one, "get_params")]
    for part in inner:
        yield from parts_of(part, depth + 1)


def is_a(part, *names):
    return type(part).__name__ in names


def parameter(part, name):
    """A parameter of a model; those of LightGBM and XGBoost may come as keyword arguments."""
    try:
        return part.get_params().get(name)
    except Exception:
        return getattr(part, name, None)


def catboost_loss(part):
    return str(part.get_all_params().get("loss_function", "")).partition(":")[0] if type(part).__module__.startswith("catboost") else ""


#: (whether a part of the model may have it, what goes wrong, what to do)
KNOWN = (
    (
        lambda part: is_a(part, "BaggingClassifier") and not hasattr(part.estimators_[0], "predict_proba"),
        "skl2onnx (1.20.0) answers a BaggingClassifier around a model without predict_proba with as many rows as there are estimators",
        "Bag a model that has predict_proba (LogisticRegression, a tree)",
    ),
    (
        lambda part: is_a(part, "KNeighborsClassifier", "KNeighborsRegressor") and part.weights != "uniform",
        "skl2onnx (1.20.0) leaves out the weights of nearest neighbours (weights='distance') and gives the plain mean or vote",
        KEEP,
    ),
    (
        lambda part: is_a(part, "HistGradientBoostingClassifier", "HistGradientBoostingRegressor") and getattr(part, "is_categorical_", None) is not None,
        "skl2onnx (1.20.0) writes the sets of categories of histogram boosting (categorical_features) as meaningless thresholds",
        f"Encode the categories in a step before (OneHotEncoder), or: {KEEP[0].lower()}{KEEP[1:]}",
    ),
    (
        lambda part: is_a(part, "SimpleImputer") and (part.add_indicator or part.keep_empty_features is False and numpy.asarray(part.statistics_).dtype.kind == "f" and numpy.isnan(part.statistics_).any()),
        "skl2onnx (1.20.0) leaves out the columns of SimpleImputer(add_indicator=True), and keeps columns without any value, which scikit-learn drops",
        "Drop columns without any value before the imputer; give float columns, for which the indicator is mended",
    ),
    (
        lambda part: is_a(part, "LGBMClassifier", "LGBMRegressor", "LGBMRanker") and parameter(part, "linear_tree"),
        "onnxmltools (1.16.0) drops the linear models in the leaves of LightGBM's linear_tree=True",
        KEEP,
    ),
    (
        lambda part: is_a(part, "LGBMClassifier", "LGBMRegressor", "LGBMRanker") and parameter(part, "zero_as_missing"),
        "onnxmltools (1.16.0) leaves out LightGBM's zero_as_missing=True: 0 goes by the threshold",
        KEEP,
    ),
    (
        lambda part: is_a(part, "LGBMClassifier", "LGBMRegressor") and getattr(part, "boosting_type", "") == "rf",
        "onnxmltools (1.16.0) divides the answers of LightGBM's random forests by 100 instead of the number of trees",
        KEEP,
    ),
    (
        lambda part: is_a(part, "XGBClassifier", "XGBRegressor") and parameter(part, "booster") in ("dart", "gblinear"),
        "onnxmltools (1.16.0) leaves out the weights of XGBoost's dart trees, and knows no gblinear",
        KEEP,
    ),
    (
        lambda part: catboost_loss(part) in ("MultiLogloss", "MultiCrossEntropy"),
        "CatBoost's export (1.2.10) makes the independent probabilities of MultiLogloss sum to 1",
        KEEP,
    ),
    (
        lambda part: catboost_loss(part) in ("Logloss", "CrossEntropy") and abs((part.get_probability_threshold() or 0.5) - 0.5) > 1e-9,
        "CatBoost's export (1.2.10) leaves out set_probability_threshold, so labels differ",
        f"Apply the threshold to the probabilities where they are used, or: {KEEP[0].lower()}{KEEP[1:]}",
    ),
    (
        lambda part: catboost_loss(part) in ("MultiRMSE", "MultiQuantile", "RMSEWithUncertainty", "MultiRMSEWithMissingValues"),
        "CatBoost's export (1.2.10) of models with several numbers per row cannot be loaded by ONNX Runtime",
        KEEP,
    ),
)


def suspects(model):
    """Sentences of the known errors that this model may have."""
    found = {}
    for part in parts_of(model):
        for may, what, advice in KNOWN:
            try:
                if may(part):
                    found[f"A known error: {what}. {advice}"] = None
            except Exception:
                # A model of another version lacks an attribute: nothing is known of it.
                continue
    return list(found)
