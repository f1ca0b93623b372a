import Type from "typebox";
import { route } from "../http/route.ts";
import { transact } from "../storage/transactions.ts";
import { changeTags, tagChanges } from "../tracking/edit.ts";
import { deleteModelTag, describeModel, renameModel, setModelTag } from "./models.ts";
import { deleteVersionTag, describeVersion, setVersionTag } from "./versions.ts";

const tags = tagChanges(100_000);
const description = Type.Optional(Type.String({ maxLength: 100_000 }));

export const editRoutes = {
  "PATCH /models/:name": route({
    summary: "Renames a model that is not deployed, describes it (in Markdown), sets its tags or takes them away with null; audited",
    params: Type.Object({ name: Type.String() }),
    body: Type.Object({ name: Type.Optional(Type.String({ minLength: 1 })), description, tags }),
    handle: async (house, { params, body, actor }) => {
      const change = { time: house.clock.now(), actor };
      await transact(house.db, async (transaction) => {
        if (body.description !== undefined) await describeModel(transaction, params.name, body.description, change);
        await changeTags(body.tags, (key, value) => setModelTag(transaction, params.name, key, value, change), (key) => deleteModelTag(transaction, params.name, key, change));
        if (body.name !== undefined && body.name !== params.name) await renameModel(transaction, params.name, body.name, change);
      });
      return { name: body.name ?? params.name };
    },
  }),
  "PATCH /models/:name/versions/:version": route({
    summary: "Describes a version (in Markdown), sets its tags or takes them away with null; audited",
    params: Type.Object({ name: Type.String(), version: Type.Integer({ minimum: 1 }) }),
    body: Type.Object({ description, tags }),
    handle: async (house, { params: { name, version }, body, actor }) => {
      const change = { time: house.clock.now(), actor };
      await transact(house.db, async (transaction) => {
        if (body.description !== undefined) await describeVersion(transaction, name, version, body.description, change);
        await changeTags(body.tags, (key, value) => setVersionTag(transaction, name, version, key, value, change), (key) => deleteVersionTag(transaction, name, version, key, change));
      });
      return {};
    },
  }),
};
