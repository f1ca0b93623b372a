import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { grpcClient } from "../src/serving/gateway/fixtures/grpc-client.ts";
import { at, makeFolder, startOwn } from "../src/serving/gateway/fixtures/own-gateway.ts";
import { grpcServices } from "../src/serving/gateway/grpc/grpc-services.ts";
import { inferenceProto } from "../src/serving/gateway/grpc/open-inference/infer-proto.ts";
import { servingProtos } from "../src/serving/gateway/grpc/tf-serving/serving-proto.ts";
import { torchserveInferenceProto } from "../src/serving/gateway/grpc/torchserve/torchserve-proto.ts";
import { protocols } from "../src/serving/gateway/protocols/protocols.ts";
import { onnxProto } from "../src/training/onnx/onnx-proto.ts";
import { otherServices } from "./file-wire/doors.ts";
import { doors } from "./value-doors/doors.ts";
import type { Wire } from "./value-doors/doors.ts";

test("every protocol that is listed is asked", () => {
  const asked = new Set(doors.map((door) => door.of));
  expect(protocols.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([]);
  expect(grpcServices.map(({ name }) => name).filter((name) => !asked.has(name) && !otherServices.includes(name))).toEqual([]);
});

/** Identity of FP32 [N, 1], without a signature of ours. */
function echo(): Uint8Array {
  const float = 1;
  const value = (name: string) => ({ name, type: { tensor_type: { elem_type: float, shape: { dim: [{ dim_param: "N" }, { dim_value: 1 }] } } } });
  const model = protobuf.parse(onnxProto, { keepCase: true }).root.lookupType("onnx.ModelProto");
  const graph = { name: "echo", node: [{ op_type: "Identity", input: ["x"], output: ["y"] }], input: [value("x")], output: [value("y")] };
  return model.encode(model.fromObject({ ir_version: 8, opset_import: [{ domain: "", version: 17 }], graph })).finish();
}

async function serve(): Promise<Wire> {
  const folder = await makeFolder();
  const file = join(folder, "echo.onnx");
  await writeFile(file, echo());
  const gateway = await startOwn(folder, { echo: at(file) }, { grpcPort: 0, vertexRoutes: { predict: "/vertex/predict", health: "/vertex/health" } });
  const port = gateway.address.grpcPort!;
  return {
    url: gateway.url,
    oip: grpcClient(port, inferenceProto, "inference.GRPCInferenceService"),
    tf: grpcClient(port, servingProtos, "tensorflow.serving.PredictionService"),
    ts: grpcClient(port, torchserveInferenceProto, "org.pytorch.serve.grpc.inference.InferenceAPIsService"),
  };
}

test("infinities, missing values and −0 come back by every door, written as the manual says", async () => {
  const wire = await serve();
  const values = [1.5, NaN, Infinity, -Infinity, -0];
  for (const door of doors) {
    const label = `${door.of}, ${door.what}`;
    const answer = await door.ask(wire, values).catch((error: unknown) => ({ values: [String(error)] as unknown as number[], text: undefined }));
    expect.soft(answer.values, label).toEqual(values);
    if (!door.writes || answer.text === undefined) continue;
    const [nan, infinity] = door.writes;
    const tokens = answer.text.match(/-?(?:\bNaN\b|\bnull\b|\bInfinity\b|1e999)/g);
    expect.soft(tokens, label).toEqual([nan, infinity, `-${infinity}`]);
    expect.soft(answer.text, label).toContain("-0.0"); // Python reads -0 as the integer 0
  }
});

test("no rows are answered by no rows", async () => {
  const wire = await serve();
  for (const door of doors) {
    if (door.oneByOne) continue;
    const { values } = await door.ask(wire, []).catch((error: unknown) => ({ values: [String(error)] as unknown as number[] }));
    expect.soft(values, `${door.of}, ${door.what}`).toEqual([]);
  }
});

test("what a float of 32 bits does not hold is refused by every door that could say it", async () => {
  const wire = await serve();
  for (const door of doors.filter(({ writes }) => writes)) {
    const label = `${door.of}, ${door.what}`;
    await expect.soft(door.ask(wire, [1e39]), label).rejects.toThrow(/takes numbers from -3.4028234663852886e\+38 to 3.4028234663852886e\+38/);
    await expect.soft(door.ask(wire, [16_777_217]), label).rejects.toThrow(/does not hold this integer/);
  }
});
