import type { House } from "../stage.ts";

const addresses = new WeakMap<House, string>();

/** Says under which address the server of a house answers programs on this machine. */
export function setServerAddress(house: House, url: string): void {
  const address = new URL(url);
  // What listens on every address of the machine is reached by its own.
  if (address.hostname === "0.0.0.0") address.hostname = "127.0.0.1";
  if (address.hostname === "[::]") address.hostname = "[::1]";
  addresses.set(house, address.origin);
}

/** The address of the server of a house; null while none listens. */
export const serverAddress = (house: House): string | null => addresses.get(house) ?? null;
