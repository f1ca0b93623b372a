"""Trains scikit-learn's HistGradientBoosting and LightGBM with their defaults on the splits that run.ts wrote.

usage: peers.py <folder>   reads <folder>/job.json, writes <folder>/<table>-<split>-<peer>.f64 and <folder>/peers.json
"""
import json, os, sys, time, warnings
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np, pandas as pd, lightgbm, sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

warnings.filterwarnings("ignore")
folder = sys.argv[1]


def make(peer, task, seed):
    if peer == "sklearn":
        kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
        # "auto" would hold out rows of the larger tables; the comparison is of a hundred rounds on all of them.
        return kind(random_state=seed, early_stopping=False, categorical_features="from_dtype")
    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return kind(random_state=seed, n_jobs=1, verbose=-1)


def read(name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)


seconds = {}
for job in read("job.json"):
    columns = read(job["file"])
    data = pd.DataFrame({
        c["name"]: pd.Categorical.from_codes(c["codes"], c["dictionary"]) if c["type"] == "category"
        else np.array([np.nan if v is None else v for v in c["values"]]) for c in columns})
    data.columns = [f"f{i}" for i in range(len(columns))]
    target = np.array(job["target"])
    for split, rows in enumerate(job["splits"]):
        for peer in ("sklearn", "lightgbm"):
            train, test = data.iloc[rows["train"]], data.iloc[rows["test"]]
            model = make(peer, job["task"], split)
            start = time.perf_counter()
            model.fit(train, target[rows["train"]])
            key = f"{job['id']}-{split}-{peer}"
            seconds[key] = time.perf_counter() - start
            if job["task"] == "regression":
                predicted = model.predict(test)
            else:
                # A class that a split's training rows lack has probability 0.
                predicted = np.zeros((len(test), job["classes"]))
                predicted[:, model.classes_.astype(int)] = model.predict_proba(test)
            np.asarray(predicted, dtype="<f8").tofile(os.path.join(folder, key + ".f64"))
json.dump({"seconds": seconds, "versions": {"sklearn": sklearn.__version__, "lightgbm": lightgbm.__version__}},
          open(os.path.join(folder, "peers.json"), "w"))
