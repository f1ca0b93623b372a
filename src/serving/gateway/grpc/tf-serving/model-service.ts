import { invalid } from "../../../../errors.ts";
import type { ModelSource } from "../../models/repository.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import { versionStatus } from "../../protocols/tf-serving/describe-model.ts";
import { defineService } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import { servingFailure } from "./prediction-service.ts";
import { readModelSpec } from "./serving-messages.ts";
import type { ModelConfigMessage, ModelSpecMessage, ReloadConfigRequest } from "./serving-messages.ts";
import { messages } from "./serving-proto.ts";

const name = "tensorflow.serving.ModelService";

/** tensorflow/serving, tensorflow_serving/apis/model_service.proto. */
export const modelService: GrpcService = {
  name,
  definition: defineService(messages, name),
  failure: servingFailure,
  handlers: (context) => ({
    GetModelStatus: ({ model_spec }: { readonly model_spec: ModelSpecMessage | null }) => ({
      model_version_status: versionStatus(context, readModelSpec(model_spec)).map(({ version, state, status }) => ({
        version: /^\d{1,15}$/.test(version) ? Number(version) : 0,
        state,
        status: { error_code: status.error_code === "OK" ? 0 : unknownError, error_message: status.error_message },
      })),
    }),
    HandleReloadConfigRequest: (request: ReloadConfigRequest, call: GrpcCall) => {
      context.mayManage(call.header);
      return reload(request, context);
    },
  }),
};

/** UNKNOWN of google.rpc.Code. */
const unknownError = 2;

/** Serves the models of a configuration, and no others. */
async function reload({ config }: ReloadConfigRequest, { repository }: ProtocolContext) {
  const list = config?.model_config_list;
  if (!list) {
    throw invalid("serving.bad_request", "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported");
  }
  await repository.replace(list.config.map(source));
  return { status: { error_code: 0, error_message: "" } };
}

function source({ name: model, base_path: place, model_version_policy: policy, version_labels: labels }: ModelConfigMessage): ModelSource {
  if (model === "" || place === "") throw invalid("serving.bad_request", `Every model of a configuration needs a name and a base_path; one has "${model}" and "${place}".`);
  const named = Object.entries(labels).map(([label, version]) => [label, String(version)]);
  return {
    name: model,
    location: place.replace(/^file:\/\//, ""),
    ...(policy?.policy_choice && { versions: versionsOf(policy) }),
    ...(named.length > 0 && { labels: Object.fromEntries(named) as Record<string, string> }),
  };
}

function versionsOf({ policy_choice: choice, latest, specific }: NonNullable<ModelConfigMessage["model_version_policy"]>): NonNullable<ModelSource["versions"]> {
  if (choice === "all") return "all";
  if (choice === "specific") return { specific: specific!.versions.map(String) };
  return { latest: latest!.num_versions || 1 };
}
