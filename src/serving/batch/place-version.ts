import { invalid, notFound } from "../../errors.ts";
import { resolveAlias } from "../../registry/aliases.ts";
import { readModel } from "../../registry/models.ts";
import type { ModelVersion } from "../../registry/types.ts";
import type { VersionReference } from "../../registry/version-reference.ts";
import { listVersions, readVersion } from "../../registry/versions.ts";
import type { House } from "../../stage.ts";
import { placeModel } from "../place-model.ts";
import { readDeployment } from "../serving.ts";
import type { PlacedVersion } from "./load-placed.ts";

/**
 * Brings the files of a version to where the gateway would open them. Of a model alone it is the version that answers most of its endpoint's traffic, else its
 * champion, else its only version.
 *
 * @throws `registry.model_not_found`, `registry.version_not_found`, `registry.alias_not_found`, `registry.version_unsaid`, and the codes of `placeModel`
 */
export async function placeVersion(house: House, reference: VersionReference): Promise<PlacedVersion> {
  const found = await findVersion(house, reference);
  const { location, runtime, content, options } = await placeModel(house, found);
  return { model: found.model, version: found.version, runtime: runtime as "onnx" | "python", location, files: content?.files ?? {}, python: options?.python ?? house.settings.python };
}

export async function findVersion(house: House, { model, version, alias }: VersionReference): Promise<ModelVersion> {
  if (version !== undefined) return await readVersion(house.db, model, version);
  const { aliases } = await readModel(house.db, model);
  if (alias !== undefined) {
    const found = await resolveAlias(house.db, model, alias);
    if (found) return found;
    throw notFound("registry.alias_not_found", `${model} has no alias ${alias}; its aliases are ${Object.keys(aliases).join(", ") || "none"}`);
  }
  const deployment = await readDeployment(house, model);
  const [serving] = (deployment?.variants ?? []).filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  if (serving) return await readVersion(house.db, model, serving.version);
  const champion = await resolveAlias(house.db, model, "champion");
  if (champion) return champion;
  const versions = await listVersions(house.db, model, { limit: 2 });
  if (versions.length === 1) return versions[0];
  throw invalid("registry.version_unsaid", versions.length === 0 ? `${model} has no version` : `${model} is not deployed and has no champion; say which version: ${model}/${versions[0].version}, or ${model}@<alias>`);
}
