"""PyTorch's autologging with Lightning as its users write it."""
import lightning
import mlflow
import numpy as np
import torch
from autolog_checks import check
from torch.utils.data import DataLoader, TensorDataset


class Line(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)

    def training_step(self, batch, _):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self(x), y)
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


torch.manual_seed(1)
X = torch.rand(64, 2)
y = X.sum(dim=1, keepdim=True) + 1
mlflow.set_experiment("autolog lightning")
mlflow.pytorch.autolog(log_models=False)
trainer = lightning.Trainer(max_epochs=5, enable_progress_bar=False, enable_model_summary=False, logger=False, enable_checkpointing=False, accelerator="cpu")
model = Line()
with mlflow.start_run() as run:
    trainer.fit(model, DataLoader(TensorDataset(X, y), batch_size=16))
    model.eval()
    expected = model(X).detach().numpy()
    # Autologging of PyTorch knows no signature: users who want one log the model themselves.
    name = {"name": "model"} if hasattr(mlflow, "search_logged_models") else {"artifact_path": "model"}
    mlflow.pytorch.log_model(model, signature=mlflow.models.infer_signature(X.numpy(), expected), input_example=X.numpy(), **name)
assert len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "train_loss_epoch")) == 5
check(run.info.run_id, X.numpy().astype(np.float32), expected, metrics=["train_loss_epoch"], params=["epochs", "optimizer_name"])
