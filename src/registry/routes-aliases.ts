import Type from "typebox";
import { route } from "../http/route.ts";
import { transact } from "../storage/transactions.ts";
import { dropAlias, pointAlias, rollBackAlias } from "./alias-changes.ts";
import { readMoves } from "./alias-moves.ts";
import { aliasPolicies, requirementNames, requirementOf } from "./alias-policy.ts";
import { setAliasPolicy } from "./aliases.ts";
import { modelRow } from "./models.ts";

const params = Type.Object({ name: Type.String(), alias: Type.String() });
const reason = Type.Optional(Type.String({ maxLength: 2000 }));

export const aliasRoutes = {
  "GET /models/:name/aliases": route({
    summary: "A model's aliases with every step they took (who, when, why), and their policies",
    params: Type.Object({ name: Type.String() }),
    handle: async (house, { params: { name } }) => {
      const { id } = await modelRow(house.db, name);
      return { moves: (await readMoves(house.db, id)).toReversed(), policies: await aliasPolicies(house.db, name), requirements: requirementNames };
    },
  }),
  "PUT /models/:name/aliases/:alias": route({
    summary: "Points an alias at a version, through its policy",
    params,
    body: Type.Object({ version: Type.Integer({ minimum: 1 }), reason }),
    handle: (house, { params: { name, alias }, body, actor }) => pointAlias(house, { model: name, alias, version: body.version, reason: body.reason ?? "", time: house.clock.now(), actor }),
  }),
  "DELETE /models/:name/aliases/:alias": route({
    summary: "Takes an alias away",
    params,
    query: Type.Object({ reason }),
    handle: (house, { params: { name, alias }, query, actor }) => dropAlias(house, { model: name, alias, reason: query.reason ?? "", time: house.clock.now(), actor }),
  }),
  "POST /models/:name/aliases/:alias/rollback": route({
    summary: "Moves an alias back to the version it pointed at before, through its policy; says what that changed and what not",
    params,
    body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2000 }) }),
    handle: (house, { params: { name, alias }, body, actor }) => rollBackAlias(house, { model: name, alias, reason: body.reason, time: house.clock.now(), actor }),
  }),
  "GET /models/:name/aliases/:alias/policy": route({
    summary: "What a version must show before this alias may point at it",
    params,
    handle: async (house, { params: { name, alias } }) => ({ alias, requires: (await aliasPolicies(house.db, name))[alias] ?? [] }),
  }),
  "PUT /models/:name/aliases/:alias/policy": route({
    summary: "Says what a version must show before this alias may point at it; nothing takes the policy away",
    params,
    body: Type.Object({ requires: Type.Array(Type.String()), reason }),
    handle: async (house, { params: { name, alias }, body, actor }) => {
      const requires = [...new Set(body.requires.map(requirementOf))];
      await transact(house.db, (transaction) => setAliasPolicy(transaction, { model: name, alias, reason: body.reason ?? "", time: house.clock.now(), actor }, requires));
      return { alias, requires };
    },
  }),
};
