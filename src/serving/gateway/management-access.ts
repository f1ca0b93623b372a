import { MillraceError } from "../../errors.ts";
import { sameText } from "./same-text.ts";

/** Who may change the models of a gateway over a port. */
export interface ManagementPolicy {
  /** Asked for as `authorization: Bearer <token>` where it is set. */
  readonly token?: string;
  /** Whether the port is reached from this machine alone. */
  readonly local: boolean;
  /** The port where management is to be found instead. */
  readonly elsewhere?: () => number;
  /** The platform around the container lets nobody else near the port, and sends no token. */
  readonly trusted?: boolean;
}

type Header = (name: string) => string | undefined;

/**
 * Fails with `serving.unauthorized` (401) or `serving.management_forbidden` (403) where a request may not manage models.
 * `byName` is a change by name alone (the Open Inference Protocol's load and unload), which needs the token where there is one.
 */
export type MayManage = (header: Header, byName?: boolean) => void;

const localHosts = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

const forbidden = (sentence: string) => new MillraceError("serving.management_forbidden", 403, sentence);

/** The rule of a port. Without a token only this machine's own programs may manage: no others, and no web page in its browser. */
export function managementRule({ token, local, elsewhere, trusted = false }: ManagementPolicy): MayManage {
  return (header, byName = false) => {
    if (elsewhere && !byName) throw forbidden(`Models are managed on port ${elsewhere()} here (--management-port).`);
    if (token !== undefined) {
      if (sameText(header("authorization") ?? "", `Bearer ${token}`)) return;
      throw new MillraceError("serving.unauthorized", 401, "Managing models needs the header authorization: Bearer <token>, with the token of --management-token.");
    }
    if (trusted) return;
    if (!local && !byName) throw forbidden("Models are managed from this machine only, and this port is open to others: start the gateway with --management-token (MILLRACE_MANAGEMENT_TOKEN), or with --management-port.");
    // A page of a foreign site can send requests to this machine, but not without its Origin, nor under this machine's name.
    if (header("origin") !== undefined) throw forbidden(`Web pages (of ${header("origin")}) do not manage models; start the gateway with --management-token for tools that run in a browser.`);
    const host = header("host");
    if (local && host !== undefined && !localHosts.test(host)) throw forbidden(`The request was made to "${host}", which is not a name of this machine.`);
  };
}

/** Whether an address to listen on is reached from this machine alone. */
export const isLocal = (host: string): boolean => host === "localhost" || host === "::1" || host.startsWith("127.");
