import { MillraceError, notFound } from "../../errors.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import type { Handler } from "./http-server.ts";
import { notAllowed } from "./protocols/method.ts";
import { json } from "./protocols/protocol.ts";
import type { HttpAnswer, HttpRequest } from "./protocols/protocol.ts";
import { sameText } from "./same-text.ts";

/** What the control plane may ask of the gateway. */
export interface AdminActions {
  readonly status: () => GatewayStatus;
  readonly reload: () => Promise<void>;
  readonly flush: () => Promise<void>;
  readonly stop: () => void;
}

/** The paths under `/_millrace`; every one needs `authorization: Bearer <token>`. */
export function adminHandler(token: string, actions: AdminActions): Handler {
  const paths: Readonly<Record<string, readonly [method: string, act: () => unknown]>> = {
    status: ["GET", () => actions.status()],
    reload: ["POST", () => actions.reload().then(() => {
      const { revision, refusals } = actions.status();
      return { revision, refusals };
    })],
    flush: ["POST", () => actions.flush().then(() => ({ log: actions.status().log }))],
    stop: [
      "POST",
      () => {
        actions.stop();
        return { stopping: true };
      },
    ],
  };
  const handle = async (request: HttpRequest): Promise<HttpAnswer> => {
    if (!sameText(request.header("authorization") ?? "", `Bearer ${token}`)) {
      throw new MillraceError(
        "serving.unauthorized",
        401,
        "The paths under /_millrace need the header authorization: Bearer <token>; the token is in <home>/run/gateway.json.",
      );
    }
    const name = request.path[1] ?? "";
    if (request.path.length !== 2 || !Object.hasOwn(paths, name)) {
      const known = Object.keys(paths).map((path) => `/_millrace/${path}`);
      throw notFound(
        "serving.unknown_path",
        `There is nothing at /${request.path.join("/")}; the paths are ${known.join(", ")}.`,
      );
    }
    const [method, act] = paths[name];
    if (request.method !== method) throw notAllowed(request, method);
    return json(200, await act());
  };
  return { handle };
}
