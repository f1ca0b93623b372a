"""Runs Triton's own tests against the gateway; README.md says how. Arguments: parts of the names of suites; all without any."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from known import known
from make_models import make_models
from suites import suites

here = Path(__file__).resolve().parent
triton = Path(os.environ["TRITON"])
node = os.environ.get("NODE", "node")
longest = 900


def main(wanted):
    root = Path(tempfile.mkdtemp(prefix="millrace-triton-"))
    models = root / "models"
    try:
        make_models(triton, models)
        outcomes = {}
        for suite in suites:
            if wanted and not any(part in suite["test"] for part in wanted):
                continue
            outcomes.update(run(suite, models, root))
        report(outcomes)
    finally:
        shutil.rmtree(root)


def run(suite, models, root):
    folder = Path(tempfile.mkdtemp(dir=root))
    (folder / "models.json").write_text(json.dumps({"models": served(suite, models)}))
    (folder / "home").mkdir()
    command = [node, str(here.parents[2] / "src/main.ts"), "gateway", "--models-file", str(folder / "models.json"), "--home", str(folder / "home")]
    command += ["--port", "8000", "--grpc-port", "8001", "--server-name", "triton", *suite.get("flags", [])]
    with open(folder / "gateway.log", "w") as log:
        gateway = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "MILLRACE_GATEWAY_PYTHON": sys.executable})
    try:
        wait_until_ready(gateway, folder / "gateway.log")
        strict = tests(suite, folder, gateway.pid)
        failed = [name for name, why in strict.items() if why and not why.startswith("skipped")]
        loose = tests(suite, folder, gateway.pid, "--any-words", *failed) if failed else {}
        return {f"{suite.get('as', suite['test'])} {name}": (why, loose.get(name, "")) for name, why in strict.items()}
    finally:
        gateway.terminate()
        gateway.wait(60)


def served(suite, models):
    """The models of a suite in the words of a models file, with what their config.pbtxt says of versions and batches."""
    examples = triton / "docs/examples/model_repository"
    found = {name: {"location": str(examples / place)} for name, place in suite.get("copies", {}).items()}
    for name in suite["models"]:
        folder, _, one = name.partition("/")
        parent = examples if folder == "examples" else models / folder
        for place in sorted(parent.glob(one or "*")):
            if "bf16" not in place.name and (list(place.glob("*/model.onnx")) or (place / "MLmodel").exists()):
                found[place.name] = {"location": str(place), **settings(place), **suite.get("more", {}).get(place.name, {})}
    return found


def settings(place):
    config = (place / "config.pbtxt").read_text() if (place / "config.pbtxt").exists() else "max_batch_size: 8"
    alone = {} if re.search(r"max_batch_size: [1-9]", config) else {"options": {"rowwise": False}}
    policy = re.search(r"version_policy: \{ (\w+) \{(.*?)\}\}", config)
    if policy is None:
        return alone
    kind, what = policy.groups()
    numbers = re.findall(r"\d+", what)
    return {**alone, "versions": "all" if kind == "all" else {"latest": int(numbers[0])} if kind == "latest" else {"specific": numbers}}


def wait_until_ready(gateway, log):
    for _ in range(600):
        try:
            if urllib.request.urlopen("http://127.0.0.1:8000/v2/health/ready", timeout=5).status == 200:
                return
        except OSError:
            pass
        if gateway.poll() is not None:
            break
        time.sleep(0.2)
    raise SystemExit(f"The gateway is not ready:\n{log.read_text()}")


def tests(suite, folder, pid, *arguments):
    outcomes = folder / "outcomes.json"
    outcomes.unlink(missing_ok=True)
    test = triton / "qa" / suite["test"]
    paths = os.pathsep.join([str(test.parent), str(triton / "qa/common")])
    environment = {**os.environ, "PYTHONPATH": paths, "SERVER_PID": str(pid), **suite.get("environment", {})}
    command = [sys.executable, str(here / "run_tests.py"), str(test), str(outcomes), *arguments]
    if not arguments:
        command += suite.get("only", [])
    with open(folder / f"tests{len(arguments)}.log", "w") as log:
        try:
            subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, timeout=longest)
        except subprocess.TimeoutExpired:
            print(f"{suite['test']}: not done after {longest} s", file=sys.stderr)
    if not outcomes.exists():
        raise SystemExit(f"{suite['test']} did not run:\n{Path(log.name).read_text()[-3000:]}")
    return json.loads(outcomes.read_text())


def report(outcomes):
    """Prints what became of each test; exits with 1 where one fails that known.py does not name."""
    counts = {"passed": 0, "in other words": 0, "known": 0, "failed": 0, "skipped": 0}
    for name, (why, anyhow) in outcomes.items():
        reason = next((reason for end, reason in known.items() if name.endswith(end)), None)
        kind = "passed" if not why else "skipped" if why.startswith("skipped") else "in other words" if not anyhow else "known" if reason else "failed"
        counts[kind] += 1
        more = reason if kind == "known" else " ".join((anyhow or why).split())[:600]
        print(f"{kind:15} {name}" + (f"\n                {more}" if why else ""))
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    sys.exit(1 if counts["failed"] else 0)


main(sys.argv[1:])
