import type { IngestOutput } from "../data/ingest-step.ts";
import { readingsOf } from "../data/types.ts";
import type { ValidateOutput } from "../data/validate-step.ts";
import { saveMonitor, saveReference } from "../monitoring/monitoring.ts";
import type { ReferenceProfile } from "../monitoring/types.ts";
import type { Project } from "../project/project.ts";
import { moveAlias } from "../registry/aliases.ts";
import { readTrainedVersion } from "../registry/versions.ts";
import { deploy, deploymentStatus } from "../serving/serving.ts";
import type { Step } from "../stage.ts";
import { saveLoop } from "./store.ts";

/** Puts a version that passed the gate in front of all traffic, and sets the loop that watches it. */
export const deployStep: Step = {
  name: "optimization.deploy",
  purpose: "Gives the version all traffic, points the alias champion at it, and starts watching it",
  where: "server",
  run: async ({ params, inputs, house, runId, actor }) => {
    const project = params["project"] as Project;
    const table = inputs["table"] as IngestOutput;
    const checked = inputs["checked"] as ValidateOutput;
    const { version } = inputs["registered"] as { version: number };
    const { signature } = await readTrainedVersion(house.db, project.model, version);
    const endpoint = project.model;
    // Pipeline runs that were made on a virtual clock begin where their data end.
    const startedAt = startOfWatch(project, house.clock.now());
    const reason = `version ${version} passed the gate of run ${runId}`;
    await deploy(
      house,
      { endpoint, salt: runId, variants: [{ name: "champion", version, weight: 1, shadow: false }], settings: project.deploy.settings, time: house.clock.now(), actor, reason },
      async (transaction) => {
        await moveAlias(transaction, { model: endpoint, alias: "champion", version, time: house.clock.now(), actor, reason });
        await saveReference(transaction, endpoint, version, inputs["reference"] as ReferenceProfile);
        await saveMonitor(
          transaction,
          {
            endpoint,
            task: checked.task,
            target: checked.target,
            ...(signature.classes && { classes: signature.classes }),
            ...(signature.targetReading && { targetReading: signature.targetReading }),
            labelDelay: project.monitor.labelDelay,
            window: project.monitor.window,
            performance: project.monitor.performance,
            drift: project.monitor.drift,
          },
          house.clock.now(),
        );
        const time = table.columns.find((column) => column.name === project.data.time?.column)?.stored;
        await saveLoop(
          transaction,
          {
            endpoint,
            project,
            baseDataset: table.version,
            baseFile: table.file.sha256,
            baseRows: table.rows,
            schema: checked.schema,
            task: checked.task,
            classes: signature.classes ?? [],
            features: checked.features,
            readings: readingsOf(table.columns),
            timeStored: time === "DATE" || time === "TIMESTAMP" ? time : null,
            startedAt,
            clock: project.data.until === null ? "real" : "replay",
          },
          house.clock.now(),
        );
      },
    );
    return { endpoint, version, url: (await deploymentStatus(house, endpoint)).url };
  },
};

/** Where a project's data end by its own word, there its production begins (a replay); otherwise production begins now. */
function startOfWatch(project: Project, now: number): number {
  const until = project.data.until === null ? Number.NaN : Date.parse(project.data.until);
  return Number.isNaN(until) ? Math.floor(now / project.monitor.window) * project.monitor.window : until;
}
