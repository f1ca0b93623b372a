"""FastAPI with uvicorn (uvloop, httptools), bodies read and written by orjson without models of pydantic: about the fastest FastAPI goes."""
import sys

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from onnx_model import open_session

session = open_session(sys.argv[1])
app = FastAPI()


@app.post("/predict")
async def predict(request: Request):
    data = np.asarray(orjson.loads(await request.body())["instances"], dtype=np.float32)
    (y,) = session.run(None, {"x": data})
    return Response(orjson.dumps({"predictions": y}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
