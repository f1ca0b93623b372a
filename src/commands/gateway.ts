import type { Command } from "../cli/command.ts";

/** The gateway without a control plane; what it needs is loaded when it runs. */
export const gatewayCommand: Command = {
  name: "gateway",
  summary: "Serves models alone, without a server: model files, folders of versions, a model repository; clients may load and unload",
  example: "millrace gateway --model trips=models/trips.onnx --model churn=models/churn@3 --port 8080",
  arguments: { "[serve]": "what SageMaker starts containers with: answer as it asks (docs/containers.md)" },
  options: {
    "--model <name=place...>": "a model: NAME=FILE, NAME=FILE@VERSION, NAME=FOLDER (of numbered versions; the newest is served, NAME=FOLDER@VERSION that one), NAME=URL of a model on a model server; may be given more than once, and wins over what clients changed before the start",
    "--model-repository <dir>": "serve every model in this folder, laid out as NAME/VERSION/model.onnx (config.pbtxt is not read)",
    "--models-file <file>": "models with versions, labels, traffic rules, memory and warm-up as JSON (docs/gateway.md)",
    "--allow-any-place": "let clients load models from any path and URL, not from the repository alone (a model may be a program)",
    "--poll-seconds <s>": "look for new models and versions in the repository every so often (never)",
    "--unknown-inputs <refuse|ignore>": "what becomes of inputs that a model does not know, unless the models file says it (ignore where a model takes the columns of a table, refuse elsewhere)",
    "--default-model <name>": "the model that answers where a protocol names none (the only one)",
    "--port <n>": "port to listen on; 0 takes any free one (8080)",
    "--grpc-port <port>": "port of gRPC; 0 takes any free one, off listens on none (8081)",
    "--host <address>": "address to listen on (127.0.0.1; 0.0.0.0 in a container of SageMaker, Vertex AI or Azure ML)",
    "--management-token <token>": "what clients must send as authorization: Bearer <token> to load, unload and change models; MILLRACE_MANAGEMENT_TOKEN keeps it out of the list of processes (none)",
    "--management-port <n>": "a port of its own for TorchServe's management, on this machine only unless there is a token; 0 takes any free one (the gateway's port)",
    "--home <dir>": { description: "where changes by clients (models loaded and unloaded, defaults) and logged predictions are kept", default: ".millrace-gateway" },
    "--memory-limit <size>": "memory that models may take together, such as 2GiB; the least recently used ones make room and come back when asked (unlimited)",
    "--log-predictions": "write every prediction to Parquet files in the home folder (off: nothing deletes them)",
    "--max-body-mib <n>": { description: "largest request body", default: 64 },
    "--cors-origin <origin...>": "web pages of this origin may call, '*' for any (none)",
    "--server-name <name>": { description: "the name that GET /v2 tells, for clients that insist on one", default: "millrace" },
    "--peer-metrics <name...>": "metrics under the names of triton, tensorflow-serving, torchserve or mlserver, too; may be given more than once",
    "--tf-signature <name...>": "another name than serving_default by which clients of TensorFlow Serving may ask for a model's signature; may be given more than once",
    "--drain-seconds <s>": { description: "longest time requests may take to end after a stop", default: "30" },
    "--shutdown-delay-seconds <s>": { description: "time to go on answering after a stop, not ready, until load balancers know", default: "0" },
  },
  run: async (...call) => (await import("./run-gateway.ts")).runGateway(...call),
};
