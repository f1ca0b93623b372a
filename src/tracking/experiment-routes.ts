import Type from "typebox";
import { route } from "../http/route.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { listColumns } from "./columns.ts";
import { changeTags, edit } from "./edit.ts";
import { countRunsOf, deleteExperimentTag, readExperiment, renameExperiment, setExperimentLifecycle, setExperimentTag } from "./experiments.ts";
import { listed, listExperiments } from "./list-experiments.ts";

const byId = Type.Object({ id: Type.String() });
const lifecycle = Type.Union([Type.Literal("active"), Type.Literal("deleted")]);

export const experimentRoutes = {
  "GET /experiments": route({
    summary: "Experiments with how many active runs each has, a page of them: those whose names have all of these words, by name, by the last change, or by the newest run",
    query: Type.Object({
      search: Type.Optional(Type.String({ maxLength: 500 })),
      name: Type.Optional(Type.String()),
      lifecycle: Type.Optional(lifecycle),
      order: Type.Optional(Type.Union([Type.Literal("name"), Type.Literal("changed"), Type.Literal("newest_run")])),
      offset: Type.Integer({ minimum: 0, default: 0 }),
      limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }),
    }),
    handle: (house, { query }) => listExperiments(house.db, { words: query.search, name: query.name, lifecycle: query.lifecycle ?? "active", order: query.order ?? "name", offset: query.offset, limit: query.limit }),
  }),
  "GET /experiments/:id": route({
    summary: "One experiment, deleted or not, with its tags and how many active runs it has",
    params: byId,
    handle: async (house, { params }) => listed(await readExperiment(house.db, params.id), (await countRunsOf(house.db, [params.id])).get(params.id) ?? 0),
  }),
  "PATCH /experiments/:id": route({
    summary: "Renames an experiment, sets its tags (its description is the tag mlflow.note.content, in Markdown) or takes them away with null",
    params: byId,
    body: edit,
    handle: async (house, { params, body }) => {
      const now = house.clock.now();
      await writeTogether(house.db, async (transaction) => {
        if (body.name !== undefined) await renameExperiment(transaction, params.id, body.name, now);
        const { tags } = await readExperiment(transaction, params.id);
        await changeTags(
          body.tags,
          (key, value) => setExperimentTag(transaction, params.id, key, value, now),
          async (key) => Object.hasOwn(tags, key) && deleteExperimentTag(transaction, params.id, key, now),
        );
      });
      return {};
    },
  }),
  "POST /experiments/:id/lifecycle": route({
    summary: "Deletes an experiment with its runs, or restores it with those that were deleted with it",
    params: byId,
    body: Type.Object({ lifecycle }),
    handle: async (house, { params, body }) => {
      await writeTogether(house.db, (transaction) => setExperimentLifecycle(transaction, params.id, body.lifecycle, house.clock.now()));
      return {};
    },
  }),
  "GET /experiments/:id/columns": route({
    summary: "The metrics, params and tags that the newest 2000 runs of an experiment have, each with whether runs differ in it",
    params: byId,
    query: Type.Object({ lifecycle: Type.Optional(lifecycle) }),
    handle: async (house, { params, query }) => listColumns(house.db, [params.id], query.lifecycle ?? "active"),
  }),
};
