import Type from "typebox";
import { parseDuration } from "../clock.ts";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { collectGarbage } from "../storage/collect-garbage.ts";

export const garbageRoutes = {
  "POST /gc": route({
    summary: "Removes for good what was deleted longer ago than the grace time (models, versions, runs, logged models, experiments), and contents that nothing names any more",
    body: Type.Object({ olderThan: Type.Optional(Type.String()), dryRun: Type.Optional(Type.Boolean()) }),
    handle: (house, { body: { olderThan = "30d", dryRun = false }, actor }) => {
      const olderThanMs = parseDuration(olderThan);
      if (olderThanMs === undefined) throw invalid("storage.bad_grace_time", `The grace time must be a duration such as 30d, got ${JSON.stringify(olderThan)}`);
      return collectGarbage(house, { olderThanMs, dryRun, actor });
    },
  }),
};
