"""A program that knows nothing of MLflow sends traces by OpenTelemetry's own exporter to MLFLOW_TRACKING_URI, and finds them again over REST."""
import json
import os
import urllib.request

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

url = os.environ["MLFLOW_TRACKING_URI"]
for compression in (Compression.NoCompression, Compression.Gzip, Compression.Deflate):
    provider = TracerProvider(resource=Resource.create({"service.name": f"shop-{compression.value}"}))
    exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", headers={"x-mlflow-experiment-id": "0"}, compression=compression)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for number in range(20):
        with tracer.start_as_current_span("buy", attributes={"number": number, "ratio": 0.5}) as root:
            with tracer.start_as_current_span("pay", kind=trace.SpanKind.CLIENT) as child:
                child.add_event("paid", {"gen_ai.usage": 1})
                if number == 7:
                    child.record_exception(ValueError("too dear"))
                    root.set_status(trace.StatusCode.ERROR, "failed")
    assert provider.force_flush()


def search(text):
    body = json.dumps({"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}], "filter": text, "max_results": 500}).encode()
    request = urllib.request.Request(f"{url}/api/3.0/mlflow/traces/search", body, {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request)).get("traces", [])


assert len(search("trace.name = 'buy'")) == 60
assert len(search("status = 'ERROR'")) == 3
assert len(search("span.attributes.service.name = 'shop-gzip'")) == 20
assert len(search("span.attributes.number = '7' AND span.attributes.ratio = '0.5'")) == 3
print(json.dumps({"done": True}))
