import type { Command } from "../cli/command.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  summary: "Gives a model back to the version that was made by a commit: all traffic and the alias champion, in one change; a canary ends",
  example: 'millrace rollback bike-demand --commit 3f2a91c --reason "errors since 14:00"',
  arguments: { "<model>": "the model's name" },
  options: { "--commit <sha>": "the commit, or at least four of its first digits", "--reason <text>": "why; it is kept in the history" },
  run: async ({ server }, [model = ""], options) => {
    const { commit, reason } = options;
    if (typeof commit !== "string") throw invalid("cli.usage", `Say to which commit, with --commit. To whoever answered before the last change: \`millrace deployments rollback ${model}\``);
    const data = await client<OptimizationRoutes>(await server(), "optimization")("POST /models/:model/rollback", {
      params: { model },
      body: { commit, reason: typeof reason === "string" ? reason : `rolled back to commit ${commit} on the command line` },
    });
    const made = `version ${data.version}, made by commit ${data.commit}${data.dirty ? " with changes that were not committed" : ""}`;
    return { data, text: data.changed ? `${model} is answered by ${made}${data.before === null ? "" : `; before, version ${data.before} was its champion`}.` : `${model} is answered by ${made}, already: nothing was changed.` };
  },
};
