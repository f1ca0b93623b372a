import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.*;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.RunsPage;

/** A session of MLflow's Java client against the server in the first argument; it ends at the first thing that is not as it should be. */
public class Session {
  static void check(boolean holds, Object what) {
    if (!holds) throw new AssertionError(String.valueOf(what));
  }

  static void refused(Runnable what, int status) {
    try {
      what.run();
    } catch (MlflowHttpException error) {
      check(error.getStatusCode() == status, error.getStatusCode() + ": " + error.getBodyMessage());
      return;
    }
    throw new AssertionError("not refused; " + status + " was expected");
  }

  public static void main(String[] args) throws Exception {
    MlflowClient client = new MlflowClient(args[0]);

    String experiment = client.createExperiment("from java");
    check(client.getExperimentByName("from java").map(Experiment::getExperimentId).equals(Optional.of(experiment)), "by name");
    check(client.getExperimentByName("nothing").isEmpty(), "there is none");
    client.setExperimentTag(experiment, "team", "mill");
    check(client.getExperiment(experiment).getTags(0).getValue().equals("mill"), "tag");
    client.renameExperiment(experiment, "from Java");
    refused(() -> client.createExperiment("from Java"), 400);
    check(client.searchExperiments("name = 'from Java'").getItems().size() == 1, "searched");
    client.deleteExperiment(experiment);
    check(client.getExperiment(experiment).getLifecycleStage().equals("deleted"), "deleted");
    client.restoreExperiment(experiment);

    // Its int64 are strings in JSON, and those of the answers numbers.
    long time = 1_700_000_000_123L;
    RunInfo info = client.createRun(CreateRun.newBuilder().setExperimentId(experiment).setStartTime(time).setUserId("miller").build());
    String run = info.getRunId();
    check(info.getStartTime() == time && info.getStatus() == RunStatus.RUNNING && info.getUserId().equals("miller"), info);
    client.logParam(run, "depth", "3");
    refused(() -> client.logParam(run, "depth", "4"), 400);
    client.logMetric(run, "loss", 0.5, time, 9_007_199_254_740_991L);
    client.logMetric(run, "loss", 0.25, time + 1, 2);
    client.logMetric(run, "nan", Double.NaN, time, 0);
    client.logMetric(run, "up", Double.POSITIVE_INFINITY, time, 0);
    List<Metric> many = java.util.stream.IntStream.range(0, 1000).mapToObj(step -> Metric.newBuilder().setKey("many").setValue(step / 2.0).setTimestamp(time + step).setStep(step).build()).collect(Collectors.toList());
    client.logBatch(run, many, null, null);
    client.logBatch(run, null, Arrays.asList(Param.newBuilder().setKey("p").setValue("1").build()), Arrays.asList(RunTag.newBuilder().setKey("kind").setValue("batch").build()));
    client.setTag(run, "empty", "");
    client.deleteTag(run, "empty");
    Run read = client.getRun(run);
    check(read.getData().getParamsCount() == 2, read.getData().getParamsList());
    check(read.getData().getTagsList().stream().anyMatch(tag -> tag.getKey().equals("kind") && tag.getValue().equals("batch")), read.getData().getTagsList());
    double loss = read.getData().getMetricsList().stream().filter(metric -> metric.getKey().equals("loss")).findFirst().get().getValue();
    check(loss == 0.5, loss);
    List<Metric> history = client.getMetricHistory(run, "loss");
    check(history.size() == 2 && history.get(1).getStep() == 9_007_199_254_740_991L && history.get(1).getTimestamp() == time, history);
    check(Double.isNaN(client.getMetricHistory(run, "nan").get(0).getValue()), "NaN");
    check(client.getMetricHistory(run, "up").get(0).getValue() == Double.POSITIVE_INFINITY, "infinity");
    check(client.getMetricHistory(run, "many").size() == 1000, "many");
    client.setTerminated(run, RunStatus.FINISHED, time + 5);
    check(client.getRun(run).getInfo().getEndTime() == time + 5, "ended");

    for (int n = 0; n < 4; n++) client.logMetric(client.createRun(experiment).getRunId(), "n", n);
    RunsPage page = client.searchRuns(Arrays.asList(experiment), "metrics.n >= 1", ViewType.ACTIVE_ONLY, 2, Arrays.asList("metrics.n DESC"));
    check(page.getItems().size() == 2 && page.hasNextPage(), page.getItems());
    check(((RunsPage) page.getNextPage()).getItems().size() == 1, "the second page");
    client.deleteRun(run);
    refused(() -> client.logMetric(run, "loss", 1), 400);
    client.restoreRun(run);
    refused(() -> client.getRun("f".repeat(32)), 404);

    // Artifacts go through the command line of MLflow's Python package.
    Path folder = Files.createTempDirectory("java-client");
    Files.createDirectories(folder.resolve("deep"));
    Files.writeString(folder.resolve("deep/water.txt"), "Mühlrad");
    client.logArtifacts(run, folder.toFile(), "files");
    check(client.listArtifacts(run).stream().map(FileInfo::getPath).collect(Collectors.toList()).equals(Arrays.asList("files")), client.listArtifacts(run));
    check(client.listArtifacts(run, "files/deep").get(0).getFileSize() == 8, client.listArtifacts(run, "files/deep"));
    File back = client.downloadArtifacts(run, "files");
    check(Files.readString(back.toPath().resolve("deep/water.txt")).equals("Mühlrad"), back);

    client.sendPost("registered-models/create", "{\"name\": \"wheel\"}");
    client.sendPost("model-versions/create", "{\"name\": \"wheel\", \"run_id\": \"" + run + "\", \"source\": \"" + client.getRun(run).getInfo().getArtifactUri() + "/files\"}");
    check(client.getModelVersion("wheel", "1").getRunId().equals(run), "version");
    check(client.getRegisteredModel("wheel").getLatestVersionsCount() == 1, "model");
    check(client.getLatestVersions("wheel").get(0).getVersion().equals("1"), "latest");
    check(client.searchModelVersions("name = 'wheel'").getItems().size() == 1, "versions");
    File version = client.downloadModelVersion("wheel", "1");
    check(Files.readString(version.toPath().resolve("deep/water.txt")).equals("Mühlrad"), version);
    client.close();
    System.out.println("{\"done\": true}");
  }
}
