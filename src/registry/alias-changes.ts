import { conflict } from "../errors.ts";
import type { House } from "../stage.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { placesBefore, readMoves } from "./alias-moves.ts";
import { moveAlias, readHolds, removeAlias, type AliasChange } from "./aliases.ts";
import { modelRow } from "./models.ts";
import { registryTables } from "./store.ts";

/** What a change of an alias did, and what it did not do. */
export interface AliasChanged {
  readonly model: string;
  readonly alias: string;
  readonly from: number | null;
  readonly to: number | null;
  /** Versions that the rollback passed over, since they were deleted. */
  readonly skipped: readonly number[];
  /** Versions that deployments use after the change: holder → versions. */
  readonly inUse: Readonly<Record<string, readonly number[]>>;
  /** In words: what answers requests is a deployment's matter. */
  readonly note: string;
}

/** Points an alias at a version and tells the house (`registry.alias_moved`). Throws `registry.policy`. */
export function pointAlias(house: House, change: AliasChange & { readonly version: number }): Promise<AliasChanged> {
  return changed(house, change, change.version, "moved");
}

/** Takes an alias away and tells the house. */
export function dropAlias(house: House, change: AliasChange): Promise<AliasChanged> {
  return changed(house, change, null, "moved");
}

/**
 * Moves an alias back to where it pointed before, through its policy, and tells the house. Rolling back again goes one place further back. Versions that
 * were deleted since are passed over. Throws `registry.nothing_before`, `registry.policy`.
 */
export async function rollBackAlias(house: House, change: AliasChange): Promise<AliasChanged> {
  const { id } = await modelRow(house.db, change.model);
  const current = await versionOf(house, id, change.alias);
  const places = placesBefore(await readMoves(house.db, id, change.alias), current);
  const there = new Set((await registryTables(house.db).selectFrom("model_versions").select("version").where("model_id", "=", id).where("deleted_at", "is", null).execute()).map(({ version }) => version));
  const to = places.find((place): place is number => place !== null && place !== current && there.has(place));
  if (to === undefined) {
    throw conflict("registry.nothing_before", `The alias ${change.alias} of ${change.model} pointed at no version before ${current === null ? "" : `version ${current} `}that is still there; set it to the version that is meant`);
  }
  const skipped = places.slice(0, places.indexOf(to)).filter((place): place is number => place !== null && place !== current);
  return { ...(await changed(house, change, to, "rolled_back")), skipped };
}

async function changed(house: House, change: AliasChange, to: number | null, kind: "moved" | "rolled_back"): Promise<AliasChanged> {
  const { model, alias, time, actor, reason } = change;
  const from = await writeTogether(house.db, async (transaction) => {
    const before = await versionOf({ db: transaction }, (await modelRow(transaction, model)).id, alias);
    if (to === null) await removeAlias(transaction, change);
    else await moveAlias(transaction, { ...change, version: to, kind }, house.blobs);
    return before;
  });
  if (from !== to) await house.events.emit({ name: "registry.alias_moved", time, payload: { model, alias, from, to, kind, actor, reason } });
  const inUse = await readHolds(house.db, model);
  return { model, alias, from, to, skipped: [], inUse, note: noteOf(alias, from, to, Object.values(inUse).flat()) };
}

async function versionOf({ db }: Pick<House, "db">, modelId: number, alias: string): Promise<number | null> {
  const row = await registryTables(db).selectFrom("model_aliases").select("version").where("model_id", "=", modelId).where("alias", "=", alias).executeTakeFirst();
  return row?.version ?? null;
}

function noteOf(alias: string, from: number | null, to: number | null, held: readonly number[]): string {
  if (from === to) return to === null ? `The alias ${alias} was not set: nothing changed.` : `The alias ${alias} pointed at version ${to} already: nothing changed.`;
  const moved = to === null ? `The alias ${alias} is gone (it pointed at version ${from}).` : `The alias ${alias} points at version ${to} now${from === null ? "" : `, not at ${from} any more`}.`;
  const versions = [...new Set(held)];
  if (versions.length === 0) return `${moved} Nothing of this model is deployed.`;
  if (versions.length === 1 && versions[0] === to) return `${moved} The deployment answers with version ${to}.`;
  return `${moved} The traffic did not change: the deployment answers with ${versions.length === 1 ? "version" : "versions"} ${versions.join(" and ")}. Change it with PUT /api/serving/deployments/NAME.`;
}
