import { MillraceError } from "../../../errors.ts";
import type { Deployment } from "./deployment.ts";
import type { ModelRepository } from "./repository.ts";

const managed = (): Promise<never> =>
  Promise.reject(
    new MillraceError(
      "serving.managed",
      403,
      "The models of this gateway are managed by its Millrace server: deploy and roll back there; a gateway of its own (millrace gateway --model …) takes them from clients.",
    ),
  );

/** The models under a control plane: clients see them and change nothing. */
export const managedRepository = (deployment: () => Deployment): ModelRepository => ({
  index: () =>
    [...deployment().endpoints.values()].flatMap(({ name, main, variants }) =>
      variants.map((variant) => {
        const reason = variant.held.model.waitsFor?.() ?? "";
        return {
          name,
          version: variant.version,
          state: reason === "" ? ("READY" as const) : ("UNAVAILABLE" as const),
          reason,
          isDefault: variant.version === main.version,
          location: variant.location,
          options: {},
        };
      }),
    ),
  load: managed,
  unload: managed,
  setDefault: managed,
  scale: managed,
  replace: managed,
});
