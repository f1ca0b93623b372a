import Type from "typebox";
import { route } from "../../http/route.ts";
import type { Project } from "../../project/project.ts";
import { fireTrigger, pauseTrigger, resumeTrigger, setTriggers } from "./change-triggers.ts";
import { viewOf } from "./describe-trigger.ts";
import { listFirings, readFiring } from "./firings.ts";
import { listTriggers, readTrigger } from "./store.ts";

const name = Type.Object({ name: Type.String({ description: "`<model>.<name>`, or the name alone where one model has it" }) });
const reason = Type.Object({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })) }, { additionalProperties: false });

export const triggerRoutes = {
  "GET /triggers": route({
    summary: "The triggers: what fires each, when it fires next, whether it is paused or its source cannot be read, its last firings",
    query: Type.Object({ model: Type.Optional(Type.String()), firings: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })) }),
    handle: async (house, { query: { model, firings = 1 } }) => ({ triggers: await Promise.all((await listTriggers(house.db, model)).map((one) => viewOf(house.db, one, firings))) }),
  }),
  "GET /triggers/:name": route({
    summary: "One trigger, and its last firings",
    params: name,
    query: Type.Object({ firings: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })) }),
    handle: async (house, { params, query: { firings = 20 } }) => viewOf(house.db, await readTrigger(house.db, params.name), firings),
  }),
  "GET /firings": route({
    summary: "The log of all triggers, newest first: what fired and what did not, why, and what came of it; also of triggers that are gone",
    query: Type.Object({ trigger: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
    handle: async (house, { query }) => ({ firings: await listFirings(house.db, query) }),
  }),
  "PUT /triggers": route({
    summary: "Sets the triggers of a project in place of those its model had",
    body: Type.Object({
      project: Type.Unsafe<Project>(Type.Object({ model: Type.String() })),
      folder: Type.Optional(Type.String({ description: "The folder of the project's file" })),
      recipe_key: Type.Optional(Type.String({ maxLength: 200, description: "The content of <home>/run/recipe.key; needed where the project has train.run" })),
    }),
    handle: async (house, { body: { project, folder, recipe_key: key }, actor }) => {
      const set = await setTriggers(house, { project, folder: folder ?? null, key, actor });
      return { triggers: await Promise.all(set.map((one) => viewOf(house.db, one, 0))) };
    },
  }),
  "POST /triggers/:name/fire": route({
    summary: "Asks a trigger to fire: what is acknowledged fires once, as soon as no other run of its model goes on. While an earlier request waits, it stands for this one",
    params: name,
    body: Type.Object(
      {
        reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
        key: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "Asked again with the same key, it fires once" })),
        at_once: Type.Optional(Type.Boolean({ description: "Waits for no debounce and no cool-down" })),
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params, body, actor }) => {
      const { id, joined, known, trigger } = await fireTrigger(house, params.name, { actor, reason: body.reason, key: body.key, atOnce: body.at_once ?? false });
      return { trigger, firing: (await readFiring(house.db, id))!, joined, known };
    },
  }),
  "POST /triggers/:name/pause": route({
    summary: "Lets a trigger rest; what waits of it does not fire; audited",
    params: name,
    body: reason,
    handle: async (house, { params, body, actor }) => viewOf(house.db, await pauseTrigger(house, params.name, { actor, reason: body.reason ?? "no reason was given" }), 1),
  }),
  "POST /triggers/:name/resume": route({
    summary: "Lets a paused trigger fire again, for what comes from now on; audited",
    params: name,
    body: reason,
    handle: async (house, { params, body, actor }) => viewOf(house.db, await resumeTrigger(house, params.name, { actor, reason: body.reason ?? "no reason was given" }), 1),
  }),
};
