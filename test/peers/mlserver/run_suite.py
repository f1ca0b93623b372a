"""Runs MLServer's own tests of its REST and gRPC endpoints against the gateway; README.md says how. Arguments go to pytest."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from known import known

here = Path(__file__).resolve().parent
checkout = here.parents[2]
mlserver = Path(os.environ["MLSERVER"])
tests = ["tests/rest/test_endpoints.py", "tests/grpc/test_servicers.py"]


def main(arguments):
    with tempfile.TemporaryDirectory(prefix="millrace-mlserver-") as folder:
        gateway, address = start(Path(folder))
        outcomes = Path(folder) / "outcomes.json"
        environment = {**os.environ, "PYTHONPATH": str(here), "GATEWAY_URL": address["url"], "GATEWAY_GRPC": f"127.0.0.1:{address['grpcPort']}", "OUTCOMES": str(outcomes)}
        try:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_gateway", "-p", "no:cacheprovider", *tests, *arguments]
            subprocess.run(command, cwd=mlserver, env=environment, stdout=sys.stderr, timeout=900)
        finally:
            gateway.terminate()
            gateway.wait(60)
        sys.exit(report(json.loads(outcomes.read_text())))


def start(folder):
    """A gateway that serves an ONNX twin of their sum-model as v1.2.3."""
    twin = folder / "sum.onnx"
    save_sum(twin)
    command = [os.environ.get("NODE", "node"), str(checkout / "src/main.ts"), "gateway", "--json", "--model", f"sum-model={twin}@v1.2.3"]
    command += ["--home", str(folder / "home"), "--port", "0", "--grpc-port", "0", "--server-name", "mlserver"]
    gateway = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(folder / "gateway.log", "w"), text=True)
    said = json.loads(gateway.stdout.readline())
    for _ in range(300):
        try:
            if urllib.request.urlopen(f"{said['url']}/v2/health/ready", timeout=5).status == 200:
                break
        except OSError:
            time.sleep(0.1)
    return gateway, said


def save_sum(file):
    import onnx
    from onnx import TensorProto as T, helper as h

    nodes = [h.make_node("Cast", ["input-0"], ["wide"], to=T.INT64), h.make_node("ReduceSum", ["wide", "columns"], ["total"])]
    value = lambda name, kind, width: h.make_tensor_value_info(name, kind, ["n", width])
    graph = h.make_graph(nodes, "sum", [value("input-0", T.INT32, 3)], [value("total", T.INT64, 1)], [h.make_tensor("columns", T.INT64, [1], [1])])
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), file)


def report(outcomes):
    """1 where a test fails that known.py does not name."""
    counts = {"passed": 0, "known": 0, "failed": 0, "skipped": 0}
    for name, why in outcomes.items():
        reason = next((reason for part, reason in known.items() if part in name), None)
        kind = "passed" if not why else "skipped" if why == "skipped" else "known" if reason else "failed"
        counts[kind] += 1
        print(f"{kind:8} {name}" + (f"\n         {reason if kind == 'known' else why}" if why else ""))
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if counts["failed"] else 0


main(sys.argv[1:])
