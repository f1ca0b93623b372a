import { describeError, MillraceError } from "../../../../errors.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import type { GrpcCall } from "../grpc-service.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { tellings } from "../../protocols/tellings.ts";
import { unexpected } from "../grpc-status.ts";
import type { ModelInferRequest, ModelInferResponse, ModelStreamInferResponse } from "./infer-messages.ts";
import { readInferRequest } from "./read-request.ts";
import type { ReadRequest } from "./read-request.ts";
import { writeInferResponse } from "./write-response.ts";

/** Requests of one stream that may be under way at the same time; the client waits with further ones. */
const underWay = 64;

type Responses = AsyncIterable<ModelStreamInferResponse>;

/**
 * ModelStreamInfer as Triton has it: an error belongs to its request and the stream goes on; a request is answered with
 * one response, or by a model that streams with several; the responses come in the order of the requests, which are
 * worked on side by side. A request with `triton_enable_empty_final_response` gets the response parameter
 * `triton_final_response`, and a streaming model then an empty response at the end
 * (triton-inference-server/server, docs/user_guide/decoupled_models.md).
 */
export async function* inferStream(requests: AsyncIterable<ModelInferRequest>, call: GrpcCall, context: ProtocolContext): Responses {
  const incoming = requests[Symbol.asyncIterator]();
  const answers: Responses[] = [];
  let ended = false;
  let next: Promise<void> | undefined;
  const takeNext = () =>
    (next ??= incoming.next().then(({ done, value }) => {
      next = undefined;
      if (done) ended = true;
      else answers.push(begin(value, call, context));
    }));
  for (;;) {
    if (answers.length === 0) {
      if (ended) return;
      await takeNext();
      continue;
    }
    const responses = answers[0][Symbol.asyncIterator]();
    try {
      for (;;) {
        let arrived = false;
        const response = responses.next().finally(() => (arrived = true));
        // While this answer is on its way, further requests are begun.
        while (!arrived && !ended && answers.length < underWay) await Promise.race([response, takeNext()]);
        const { done, value } = await response;
        if (done) break;
        yield value;
      }
    } finally {
      await responses.return?.(); // a client that has gone ends what its model makes
    }
    answers.shift();
  }
}

/** Begins to answer a request; a model that streams begins when the responses are asked for. */
function begin(message: ModelInferRequest, call: GrpcCall, context: ProtocolContext): Responses {
  let asked: ReadRequest;
  try {
    asked = readInferRequest(message, call);
    const endpoint = context.inference.endpoint(asked.inference.endpoint);
    if (endpoint.variants.some(({ held }) => held.model.stream !== undefined)) return several(asked, context);
  } catch (error) {
    return one(Promise.resolve(failed(error, message.id)));
  }
  const final: ModelInferResponse["parameters"] = wantsFinal(asked) ? { triton_final_response: { bool_param: true } } : {};
  return one(
    context.inference.infer(asked.inference).then(
      (answer) => ({ infer_response: writeInferResponse(answer, asked, { ...told(answer), ...final }) }),
      (error: unknown) => failed(error, message.id),
    ),
  );
}

/** What a call of one answer tells in its metadata: a stream has several. */
const told = (answer: InferenceAnswer): ModelInferResponse["parameters"] => Object.fromEntries(Object.entries(tellings(answer) ?? {}).map(([name, value]) => [name, { string_param: value }]));

const wantsFinal = ({ parameters }: ReadRequest): boolean => parameters["triton_enable_empty_final_response"] === true;

async function* one(response: Promise<ModelStreamInferResponse>): Responses {
  yield await response;
}

async function* several(asked: ReadRequest, context: ProtocolContext): Responses {
  const final = wantsFinal(asked);
  const { id, endpoint } = asked.inference;
  try {
    let version = asked.inference.version ?? "";
    for await (const answer of context.inference.stream(asked.inference)) {
      version = answer.version;
      yield { infer_response: writeInferResponse(answer, asked, final ? { triton_final_response: { bool_param: false } } : {}) };
    }
    if (!final) return;
    yield {
      infer_response: {
        model_name: endpoint,
        model_version: version,
        id,
        parameters: { triton_final_response: { bool_param: true } },
        outputs: [],
        raw_output_contents: [],
      },
    };
  } catch (error) {
    yield failed(error, id);
  }
}

/** An error response names its request, so that clients of many know which one it was. */
const failed = (error: unknown, id: string): ModelStreamInferResponse => ({
  error_message: describeError(error instanceof MillraceError ? error : unexpected),
  infer_response: { model_name: "", model_version: "", id, parameters: {}, outputs: [], raw_output_contents: [] },
});
