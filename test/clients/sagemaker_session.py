"""What SageMaker's own serialisers write is asked of a gateway, and its deserialisers read the answers; HTTP is the address."""
import io
import json
import os
import urllib.request

import numpy as np
import pandas as pd
from sagemaker.core.deserializers import CSVDeserializer, JSONDeserializer, JSONLinesDeserializer
from sagemaker.core.serializers import CSVSerializer, JSONLinesSerializer, JSONSerializer


def ask(model, data, serializer, deserializer):
    headers = {"content-type": serializer.CONTENT_TYPE, "accept": deserializer.ACCEPT[0], "x-amzn-sagemaker-target-model": model}
    body = serializer.serialize(data)
    request = urllib.request.Request(f"http://{os.environ['HTTP']}/invocations", body if isinstance(body, bytes) else body.encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return deserializer.deserialize(io.BytesIO(answer.read()), answer.headers["content-type"])


# trips: 2 * distance + seats + 10 for Oslo; a missing number is 0.
rows = [[1.0, 1.0, "Oslo"], [float("nan"), 3.0, "Rome"]]
prices = [13.0, 23.0]
assert ask("trips", rows, CSVSerializer(), CSVDeserializer()) == [["13"], ["23"]], ask("trips", rows, CSVSerializer(), CSVDeserializer())
assert ask("trips", rows, CSVSerializer(), JSONDeserializer()) == {"predictions": prices}
frame = pd.DataFrame(rows, columns=["distance", "seats", "city"])
assert ask("trips", frame, CSVSerializer(), JSONDeserializer()) == {"predictions": prices}
records = [dict(zip(frame.columns, row)) for row in rows]
assert ask("trips", records, JSONLinesSerializer(), JSONLinesDeserializer()) == [{"prediction": price} for price in prices]
assert ask("trips", rows, JSONLinesSerializer(), JSONLinesDeserializer()) == [{"prediction": price} for price in prices]
assert ask("trips", {"dataframe_records": records}, JSONSerializer(), JSONDeserializer()) == {"predictions": prices}
# half: x / 2 + 2 of a plain list.
assert ask("half", np.array([[2.0], [np.inf]]), CSVSerializer(), JSONLinesDeserializer()) == [{"y": 3.0}, {"y": float("inf")}]
print(json.dumps({"done": True}))
