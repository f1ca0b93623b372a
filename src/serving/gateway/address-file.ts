import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";

/** The content of `<home>/run/gateway.json`: how the control plane finds a running gateway. */
export interface GatewayAddress {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** null when gRPC is off. */
  readonly grpcPort: number | null;
  /** Where models are managed, when that is a port of its own. */
  readonly managementPort?: number;
  readonly token: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly version: string;
}

const fileIn = (home: string): string => join(home, "run", "gateway.json");

/** Tells where the gateway listens; only its owner may read the token. */
export const writeAddress = (home: string, address: GatewayAddress): Promise<void> =>
  writeDurably(fileIn(home), `${JSON.stringify(address)}\n`, 0o600);

/** Removes the address of this process, unless another gateway has taken over the home meanwhile. */
export async function removeAddress(home: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(fileIn(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((JSON.parse(text) as GatewayAddress).pid === process.pid) await rm(fileIn(home), { force: true });
}
