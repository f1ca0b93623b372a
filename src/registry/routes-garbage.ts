import Type from "typebox";
import { parseDuration } from "../clock.ts";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { collectGarbage, youngest } from "../storage/collect-garbage.ts";
import { collectEnvironments } from "../training/environments/collect-environments.ts";
import { environmentsOfVersions } from "./versions.ts";

export const garbageRoutes = {
  "POST /gc": route({
    summary: "Removes for good what was deleted longer ago than the grace time (models, versions, runs, logged models, experiments), contents that nothing names any more, and environments of Python that no version was trained in and that were not used since",
    body: Type.Object({ olderThan: Type.Optional(Type.String()), dryRun: Type.Optional(Type.Boolean()) }),
    handle: async (house, { body: { olderThan = "30d", dryRun = false }, actor }) => {
      const olderThanMs = parseDuration(olderThan);
      if (olderThanMs === undefined) throw invalid("storage.bad_grace_time", `The grace time must be a duration such as 30d, got ${JSON.stringify(olderThan)}`);
      const collected = await collectGarbage(house, { olderThanMs, dryRun, actor });
      const before = Math.min(collected.before, house.clock.now() - youngest);
      return { ...collected, environments: await collectEnvironments(house.settings.home, await environmentsOfVersions(house.db), { before, dryRun }) };
    },
  }),
};
