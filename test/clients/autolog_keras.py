"""Keras' autologging, over PyTorch, as its users write it."""
import os

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402
import mlflow  # noqa: E402
import numpy as np  # noqa: E402
from autolog_checks import check  # noqa: E402

keras.utils.set_random_seed(1)
X = np.random.default_rng(1).random((64, 2)).astype(np.float32)
y = X.sum(axis=1, keepdims=True) + 1
mlflow.set_experiment("autolog keras")
mlflow.keras.autolog(log_models=True)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
with mlflow.start_run() as run:
    model.fit(X, y, epochs=5, batch_size=16, verbose=0)
assert len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")) >= 5
check(run.info.run_id, X, model.predict(X, verbose=0), metrics=["loss"], params=["epochs", "batch_size"], close=1e-4)
