import type { Stage } from "../stage.ts";

export const maintenance: Stage = {
  name: "maintenance",
  purpose: "Whether a home is whole, copies of it, and a home made from a copy",
};
