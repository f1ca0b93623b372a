"""Loads $MODEL by the plain client, and prints what it answers to the rows of $ROWS."""
import json
import os

import mlflow
import pandas as pd

model = mlflow.pyfunc.load_model(os.environ["MODEL"])
rows = pd.DataFrame(json.loads(os.environ["ROWS"]))
# MLflow turns no int64 into a double.
answer = model.predict(rows.astype({name: "float64" for name in rows.select_dtypes("integer").columns}))
print(json.dumps({name: values.tolist() for name, values in answer.items()}))
