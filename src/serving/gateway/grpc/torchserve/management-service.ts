import { describeModel, listModels } from "../../protocols/torchserve/describe.ts";
import { register, scale, setDefault, unregister } from "../../protocols/torchserve/management.ts";
import type { Done } from "../../protocols/torchserve/management.ts";
import { defineService, parseProto } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import { torchserveManagementProto } from "./torchserve-proto.ts";

const name = "org.pytorch.serve.grpc.management.ManagementAPIsService";

interface Named {
  readonly model_name: string;
  readonly model_version: string;
}

interface RegisterModelRequest {
  readonly url: string;
  readonly model_name: string;
  readonly handler: string;
  readonly runtime: string;
  readonly initial_workers: number;
  readonly synchronous: boolean;
  readonly response_timeout: number;
  readonly startup_timeout: number;
}

/** Fields that were not sent are "" and 0 here. */
const given = (text: string): string | undefined => text || undefined;

const message = ({ message: msg }: Done) => ({ msg });

/** TorchServe's management over gRPC: the same as under `/models`, its JSON as the message. */
export const torchserveManagementService: GrpcService = {
  name,
  definition: defineService(parseProto(torchserveManagementProto), name),
  handlers: (context) => ({
    ListModels: (request: { limit: number; next_page_token: number }, call: GrpcCall) => {
      context.mayManage(call.header);
      return { msg: JSON.stringify(listModels(context, request.limit || undefined, request.next_page_token)) };
    },
    DescribeModel: (request: Named & { customized: boolean }, call: GrpcCall) => {
      context.mayManage(call.header);
      return { msg: JSON.stringify(describeModel(context, request.model_name, given(request.model_version), request.customized)) };
    },
    RegisterModel: async (request: RegisterModelRequest, call: GrpcCall) => {
      context.mayManage(call.header);
      const { model_name, initial_workers: initialWorkers, synchronous, response_timeout: responseTimeout, startup_timeout: startupTimeout } = request;
      const texts = { url: given(request.url), modelName: given(model_name), handler: given(request.handler), runtime: given(request.runtime) };
      return message(await register(context, { ...texts, initialWorkers, synchronous, responseTimeout, startupTimeout }));
    },
    ScaleWorker: async (request: Named & { min_worker: number; max_worker: number; synchronous: boolean }, call: GrpcCall) => {
      context.mayManage(call.header);
      const { min_worker: min, max_worker: max, synchronous } = request;
      return message(await scale(context, request.model_name, given(request.model_version), { minWorker: min || undefined, maxWorker: max || undefined, synchronous }));
    },
    SetDefault: async (request: Named, call: GrpcCall) => {
      context.mayManage(call.header);
      return message(await setDefault(context, request.model_name, request.model_version));
    },
    UnregisterModel: async (request: Named, call: GrpcCall) => {
      context.mayManage(call.header);
      return message(await unregister(context, request.model_name, given(request.model_version)));
    },
  }),
};
