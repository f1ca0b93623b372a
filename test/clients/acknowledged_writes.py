"""Logs points one after the other until the server, killed with SIGKILL after a while, answers no more; says how many it acknowledged."""
import json
import os
import signal
import threading

from mlflow import MlflowClient

client = MlflowClient()
run_id = client.create_run("0").info.run_id
acknowledged = 0


def log_until_refused():
    global acknowledged
    while True:
        try:
            client.log_metric(run_id, "m", acknowledged / 2, step=acknowledged, synchronous=True)
        except Exception:
            return
        acknowledged += 1
        if acknowledged == 60:
            killer.start()


killer = threading.Timer(0.05, lambda: os.kill(int(os.environ["KILL_PID"]), signal.SIGKILL))
log_until_refused()
print(json.dumps({"run_id": run_id, "acknowledged": acknowledged}))
