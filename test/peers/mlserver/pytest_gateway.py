"""A plugin of pytest that points MLServer's tests of its endpoints at a gateway at $GATEWAY_URL and $GATEWAY_GRPC.

Their servers run in the process and go on doing so; only the clients that their fixtures make of it go elsewhere. A body is JSON: numbers and texts as they
are. What became of each test is written to $OUTCOMES.
"""
import json
import os

import httpx
from grpc import aio

of_process = httpx.AsyncClient.__init__
channel = aio.insecure_channel


def remote_client(self, *args, app=None, base_url="", **more):
    of_process(self, *args, base_url=os.environ["GATEWAY_URL"] if app is not None else base_url, **more)


httpx.AsyncClient.__init__ = remote_client
aio.insecure_channel = lambda address, *args, **more: channel(os.environ["GATEWAY_GRPC"], *args, **more)

outcomes = {}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        lines = [line[1:].strip() for line in str(report.longrepr).split("\n") if line.startswith("E ")]
        outcomes[report.nodeid] = "" if report.passed else " ".join(lines)[:400] if report.failed else "skipped"


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump(outcomes, file)
