"""Large artifacts to and from a server that announces transfers in parts: no setting of the client asks for them. Fails at the first thing that is not as it should be."""
import hashlib
import json
import os
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

used = {"_try_multipart_upload": 0, "_multipart_download": 0, "_upload_part": 0}


def counted(name):
    original = getattr(HttpArtifactRepository, name)

    def call(*args, **kwargs):
        used[name] += 1
        return original(*args, **kwargs)

    setattr(HttpArtifactRepository, name, staticmethod(call) if name == "_upload_part" else call)


for name in used:
    counted(name)

client = MlflowClient()
run = client.create_run("0").info.run_id
digest = lambda path: hashlib.sha256(open(path, "rb").read()).hexdigest()
with tempfile.TemporaryDirectory() as folder:
    big, small, empty = (os.path.join(folder, name) for name in ("big ü.bin", "small.txt", "empty.txt"))
    for path, content in ((big, os.urandom(3_500_000)), (small, b"small"), (empty, b"")):
        with open(path, "wb") as file:
            file.write(content)
        client.log_artifact(run, path, "deep")
    assert used["_try_multipart_upload"] == 1 and used["_upload_part"] == 4, used
    assert [(f.path, f.file_size) for f in client.list_artifacts(run, "deep")] == [("deep/big ü.bin", 3_500_000), ("deep/empty.txt", 0), ("deep/small.txt", 5)]
    down = mlflow.artifacts.download_artifacts(run_id=run, artifact_path="deep", dst_path=os.path.join(folder, "down"))
    assert used["_multipart_download"] == 3, used
    for path in (big, small, empty):
        assert digest(os.path.join(down, os.path.basename(path))) == digest(path), path
    # A name that is taken is told at once, and nothing is left behind.
    try:
        client.log_artifact(run, big, "deep/small.txt")
    except Exception as error:
        assert "here already" in str(error), error
    else:
        raise AssertionError("stored below a file")
print(json.dumps({"mlflow": mlflow.__version__, "done": True}))
