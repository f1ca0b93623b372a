"""Pipelines over tables with texts, an input per column, and matrices with encoders, converted by skl2onnx."""
import numpy as np
from onnx import helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from case import ROWS, Case, X, price, table, two, words

family = "scikit-learn pipelines with texts (skl2onnx)"
kinds = {"city": StringTensorType([None, 1]), "kind": StringTensorType([None, 1]), "age": FloatTensorType([None, 1]), "size": FloatTensorType([None, 1])}


def columns_case(name, encoder, final, target, frame=table, word=None, output="variable"):
    prepared = ColumnTransformer([("texts", encoder, ["city", "kind"]), ("numbers", StandardScaler(), ["age", "size"])])
    fitted = Pipeline([("prepared", prepared), ("final", final)]).fit(frame, target)
    model = convert_sklearn(fitted, initial_types=list(kinds.items()))
    rows = frame[:ROWS]
    feeds = {key: rows[key].where(rows[key].notna(), word).to_numpy(object if key in ("city", "kind") else np.float32).reshape(-1, 1) for key in kinds}
    sent = {key: [[None if value != value or value is None else value] for value in rows[key]] for key in ("city", "kind")}
    return Case(name, family, model, feeds, sent, {output: fitted.predict(rows)}, 1e-3)


def cases():
    yield columns_case("onehot_strict", OneHotEncoder(), Ridge(), price)
    yield columns_case("onehot_ignore", OneHotEncoder(handle_unknown="ignore"), Ridge(), price)
    yield columns_case("ordinal", OrdinalEncoder(), Ridge(), price)
    yield columns_case("onehot_classifier", OneHotEncoder(), LogisticRegression(), words, output="output_label")
    none, nan = table.copy(), table.copy()
    none.loc[none.index % 3 == 1, "city"] = None
    nan.loc[nan.index % 4 == 1, "kind"] = np.nan
    yield columns_case("onehot_none", OneHotEncoder(handle_unknown="ignore"), Ridge(), price, none, "None")
    yield columns_case("onehot_nan", OneHotEncoder(handle_unknown="ignore"), Ridge(), price, nan, "nan")
    yield columns_case("onehot_strict_none", OneHotEncoder(), Ridge(), price, none, "None")

    codes = np.stack([np.arange(len(X)) % 3 + 1, X[:, 1]], axis=1).astype(np.float32)
    fitted = Pipeline([("p", ColumnTransformer([("c", OneHotEncoder(), [0])], remainder="passthrough")), ("m", Ridge())]).fit(codes, codes[:, 0] * 2 + codes[:, 1])
    yield Case("onehot_matrix", family, to_onnx(fitted, codes[:1]), {"X": codes[:ROWS]}, library={"variable": fitted.predict(codes[:ROWS])}, columns=["class", "size"], tolerance=1e-3)

    texts = table[["city", "kind"]].to_numpy()
    fitted = make_pipeline(OneHotEncoder(), Ridge()).fit(texts, price)
    model = convert_sklearn(fitted, initial_types=[("X", StringTensorType([None, 2]))])
    yield Case("onehot_text_matrix", family, model, {"X": texts[:ROWS]}, library={"variable": fitted.predict(texts[:ROWS])}, columns=["city", "kind"], tolerance=1e-3)

    integers = np.stack([np.arange(len(X)) % 5, np.arange(len(X)) % 7], axis=1).astype(np.int64)
    fitted = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(integers, two)
    model = convert_sklearn(fitted, initial_types=[("X", Int64TensorType([None, 2]))], options={"zipmap": False})
    yield Case("onehot_integers", family, model, {"X": integers[:ROWS]}, library={"label": fitted.predict(integers[:ROWS])}, columns=["day", "week"])

    reviews = np.array([["good fine"], ["bad"], ["fine"], ["bad worse"], ["good"], ["worse"], ["fine fine"], ["good bad"], ["bad bad"]], object)
    for name, vectorizer in [("count_words", CountVectorizer(lowercase=False)), ("tfidf", TfidfVectorizer(lowercase=False, token_pattern="[a-z]+"))]:
        fitted = make_pipeline(vectorizer, LogisticRegression()).fit(reviews[:, 0], [1, 0, 1, 0, 1, 0, 1, 0, 0])
        model = convert_sklearn(fitted, initial_types=[("text", StringTensorType([None, 1]))])
        yield Case(name, family, model, {"text": reviews}, library={"output_label": fitted.predict(reviews[:, 0])})

    ridge = Ridge().fit(X, X[:, 0])
    model = convert_sklearn(ridge, initial_types=[("X", FloatTensorType())])
    yield Case("no_shape", family, model, {"X": X[:ROWS]}, library={"variable": ridge.predict(X[:ROWS])}, columns=["a", "b", "c", "d"], tolerance=1e-3)
    newest = to_onnx(ridge, X[:1])
    newest.ir_version = helper.VERSION_TABLE[-1][1] + 80
    yield Case("ir_version_newer", family, newest, {"X": X[:ROWS]}, refused=r"of IR version \d+, and \d+ is the newest")
