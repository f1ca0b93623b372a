import { invalid, MillraceError } from "../errors.ts";
import { lossName } from "../evaluation/metrics.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import { madeBy, metricsOf } from "./evidence.ts";
import { readMlModel } from "./mlmodel.ts";
import { modelRow } from "./models.ts";
import { registryTables } from "./store.ts";
import type { ModelVersion } from "./types.ts";
import { listVersionFiles, readSmallFile } from "./version-files.ts";
import { readVersion } from "./versions.ts";

/** What a requirement looks at: the version, where the alias points now, and where rows and files lie. */
interface Candidate {
  readonly version: ModelVersion;
  readonly current: ModelVersion | undefined;
  readonly db: Database;
  readonly blobs: BlobStore | undefined;
}

/** What a policy may ask of a version before an alias points at it, and how it is told. */
const requirements = {
  gate: { says: "it passed its evaluation gate here", holds: ({ version }: Candidate) => version.origin === "trained" && version.gate.passed },
  description: { says: "it has a description", holds: ({ version }: Candidate) => (version.description ?? "").trim() !== "" },
  evaluated: { says: "it has metrics: of its evaluation here, or that its logged model or its run measured", holds: evaluated },
  signature: { says: "it has a signature: its inputs and outputs are written down", holds: hasSignature },
  "better-than-current": { says: "its loss was evaluated here and its 95 % interval does not lie on the worse side of that of the version the alias points at", holds: notWorse },
} as const;

export type Requirement = keyof typeof requirements;
export const requirementNames = Object.keys(requirements) as Requirement[];

/** A requirement by its name. Throws `registry.bad_requirement`. */
export function requirementOf(text: string): Requirement {
  const name = requirementNames.find((one) => one === text);
  if (name) return name;
  throw invalid("registry.bad_requirement", `There is no requirement ${JSON.stringify(text)}; there are ${requirementNames.join(", ")}`);
}

/** The policies of a model: alias → what it requires. */
export async function aliasPolicies(db: Database, model: string): Promise<Readonly<Record<string, readonly Requirement[]>>> {
  const { id } = await modelRow(db, model);
  const rows = await registryTables(db).selectFrom("alias_policies").selectAll().where("model_id", "=", id).orderBy("alias").execute();
  return Object.fromEntries(rows.map((row) => [row.alias, JSON.parse(row.requires) as Requirement[]]));
}

/**
 * Throws `registry.policy` when the model's policy for the alias asks for something the version does not show. Without `blobs` no file of the version
 * is read, so that only the signatures of versions of this house are known.
 */
export async function checkPolicy(db: Database, to: { readonly model: string; readonly alias: string; readonly version: number; readonly current: number | undefined }, blobs?: BlobStore): Promise<void> {
  const required = (await aliasPolicies(db, to.model))[to.alias] ?? [];
  if (required.length === 0) return;
  const version = await readVersion(db, to.model, to.version);
  const current = to.current === undefined || to.current === to.version ? undefined : await readVersion(db, to.model, to.current);
  const missing: Requirement[] = [];
  for (const name of required) if (!(await requirements[name].holds({ version, current, db, blobs }))) missing.push(name);
  if (missing.length === 0) return;
  throw new MillraceError("registry.policy", 403, `The alias ${to.alias} of ${to.model} may only point at a version of which this holds: ${missing.map((name) => requirements[name].says).join("; ")}. Of version ${to.version} it does not`);
}

async function evaluated({ version, db }: Candidate): Promise<boolean> {
  if (version.origin === "trained") return Object.keys(version.metrics).length > 0;
  const { run, logged } = await madeBy({ db }, version);
  return metricsOf(run, logged).length > 0;
}

async function hasSignature({ version, db, blobs }: Candidate): Promise<boolean> {
  if (version.origin === "trained") return true;
  const text = blobs ? await readSmallFile({ blobs }, (await listVersionFiles(db, version)) ?? [], "MLmodel") : undefined;
  return text !== undefined && (readMlModel(text).format?.signature?.inputs.length ?? 0) > 0;
}

/** Their losses are of the same kind, lower is better; the intervals are of each one's own evaluation. */
function notWorse({ version, current }: Candidate): boolean {
  if (version.origin !== "trained") return false;
  if (current === undefined) return true;
  const loss = lossName(version.signature.task);
  const mine = version.metrics[loss];
  const other = current.origin === "trained" ? current.metrics[loss] : undefined;
  return mine !== undefined && (other === undefined || mine.low <= other.high);
}
