import { MillraceError } from "../errors.ts";
import type { House } from "../stage.ts";
import type { GatewaySupervisor } from "./gateway-process.ts";

const supervisors = new WeakMap<House, GatewaySupervisor>();

/** Hands the running gateway of this house to those who ask it. */
export const attachGateway = (house: House, supervisor: GatewaySupervisor): void => void supervisors.set(house, supervisor);

/** The running gateway of this house; throws `serving.no_gateway`. */
export const gatewayOf = (house: House): GatewaySupervisor => {
  const supervisor = supervisors.get(house);
  if (!supervisor) throw new MillraceError("serving.no_gateway", 503, "This process runs no gateway; start one with `millrace up`");
  return supervisor;
};
