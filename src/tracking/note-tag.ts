/** The tag that describes a run or an experiment, in Markdown: MLflow's clients write and read it too. */
export const noteTag = "mlflow.note.content";
