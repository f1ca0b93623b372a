import type { Step } from "../stage.ts";
import { recordDatasetVersion } from "./data.ts";
import type { IngestOutput } from "./ingest-step.ts";
import type { ValidateOutput } from "./validate-step.ts";

/** Keeps the dataset version in the database, with its lineage. */
export const registerDatasetStep: Step = {
  name: "data.register",
  purpose: "Records the dataset version with its profile, schema and lineage",
  where: "server",
  run: async ({ params, inputs, house }) => {
    const table = inputs["table"] as IngestOutput;
    const validation = inputs["checked"] as ValidateOutput;
    await recordDatasetVersion(house.db, String(params["dataset"]), table, validation, house.clock.now());
    return { version: table.version, rows: table.rows };
  },
};
