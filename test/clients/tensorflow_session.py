"""TensorFlow's own client (tensorflow-serving-api): tensors of every dtype as TensorFlow makes and reads them; GRPC is the address."""
import json
import os

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc, regression_pb2

channel = grpc.insecure_channel(os.environ["GRPC"], options=[("grpc.max_receive_message_length", -1)])
prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)


def predict(name, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value))
    response = prediction.Predict(request, 20)
    return {key: tf.make_ndarray(tensor) for key, tensor in response.outputs.items()}


rows = np.array([[1], [2], [3]])
for dtype in (np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64):
    prices = predict("trips", distance=rows.astype(dtype), seats=np.ones((3, 1), dtype), city=np.array([[b"Oslo"]] * 3))["prediction"]
    assert prices.dtype == np.float32 and prices.tolist() == [[13.0], [15.0], [17.0]], (dtype, prices)

one_for_all = tf.make_tensor_proto(1.0, dtype=tf.float32, shape=[3, 1])
assert len(one_for_all.float_val) == 1
assert predict("trips", distance=one_for_all, seats=one_for_all, city=np.array([["Rome"]] * 3))["prediction"].tolist() == [[23.0]] * 3

a = np.arange(32, dtype=np.int32).reshape(2, 16)
outputs = predict("simple", INPUT0=a, INPUT1=a)
assert outputs["OUTPUT0"].dtype == np.int32 and (outputs["OUTPUT0"] == 2 * a).all() and (outputs["OUTPUT1"] == 0).all(), outputs
b = a.astype(np.int8)
assert (predict("simple_int8", INPUT0=b, INPUT1=b)["OUTPUT0"] == 2 * b).all()
text = np.array([[str(i).encode() for i in range(16)]], dtype=object)
assert predict("simple_string", INPUT0=text, INPUT1=text)["OUTPUT0"].tolist() == [[str(2 * i).encode() for i in range(16)]]

many = np.random.default_rng(1).normal(size=200_000).astype(np.float32)
assert np.allclose(predict("half", x=many)["y"], many / 2 + 2)

request = regression_pb2.RegressionRequest()
request.model_spec.name = "trips"
request.input.example_list.examples.append(
    tf.train.Example(
        features=tf.train.Features(
            feature={
                "distance": tf.train.Feature(float_list=tf.train.FloatList(value=[1.0])),
                "seats": tf.train.Feature(int64_list=tf.train.Int64List(value=[2])),
                "city": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"Oslo"])),
            }
        )
    )
)
assert prediction.Regress(request, 5).result.regressions[0].value == 14

status = get_model_status_pb2.GetModelStatusRequest()
status.model_spec.name = "half"
states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status, 5).model_version_status
assert [(one.version, one.state) for one in states] == [(1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)], states
print(json.dumps({"done": True}))
