/** Attributes of spans that mean something to MLflow's clients, and so to us. */
export const spanAttributes = {
  traceId: "mlflow.traceRequestId",
  type: "mlflow.spanType",
  inputs: "mlflow.spanInputs",
  outputs: "mlflow.spanOutputs",
  tokenUsage: "mlflow.chat.tokenUsage",
  cost: "mlflow.llm.cost",
  model: "mlflow.llm.model",
  provider: "mlflow.llm.provider",
  session: "session.id",
  user: "user.id",
} as const;
