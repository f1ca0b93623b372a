#!/usr/bin/env bash
# The scoring server of mlflow 3.17.2 (`mlflow models serve`; pandas 2.3.3, numpy 2.4.6, fastapi 0.165.0, uvicorn 0.40.0) answers a model whose signature
# has a datetime column in JSON, and refuses the same row as CSV with 400, however the time is written: it gives pandas.read_csv the signature's types,
# and pandas takes no datetime64 there ("the dtype datetime64[ns] is not supported for parsing, pass this column using parse_dates instead").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mlflow==3.17.2 pandas==2.3.3 numpy==2.4.6 fastapi==0.165.0 uvicorn==0.40.0
cd "$folder"
MLFLOW_DISABLE_TELEMETRY=true "$folder/venv/bin/python" -W ignore - <<'PY'
import json, logging, socket, threading, time, urllib.error, urllib.request
import mlflow, uvicorn
from mlflow.models import ModelSignature
from mlflow.pyfunc import load_model, scoring_server
from mlflow.types import ColSpec, Schema

logging.disable(logging.WARNING)


class Day(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["at"].dt.day.tolist()


mlflow.pyfunc.save_model("model", python_model=Day(), signature=ModelSignature(Schema([ColSpec("datetime", "at")])), pip_requirements=[])
listening = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(scoring_server.init(load_model("model")), log_level="critical"))
threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
while not server.started:
    time.sleep(0.1)


def ask(body, kind):
    request = urllib.request.Request(f"http://127.0.0.1:{listening.getsockname()[1]}/invocations", body.encode(), {"content-type": kind})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()).get("message", "")[:300]


found = {}
for time_text in ("2026-11-30T12:00:00", "2026-11-30 12:00:00", "2026-11-30"):
    found[time_text] = (ask(json.dumps({"dataframe_records": [{"at": time_text}]}), "application/json"), ask(f"at\n{time_text}\n", "text/csv"))
    print(time_text, *found[time_text], sep="\n   ")
server.should_exit = True
assert all(by_json[0] == 200 and json.loads(by_json[1])["predictions"] == [30] and by_csv[0] == 400 and "parse_dates" in by_csv[1] for by_json, by_csv in found.values()), found
PY
