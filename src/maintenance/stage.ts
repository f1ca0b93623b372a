import { fileURLToPath } from "node:url";
import type { Stage } from "../stage.ts";
import { startBackups } from "./backup/schedule.ts";

export const maintenance: Stage = {
  name: "maintenance",
  purpose: "Whether a home is whole, copies of it, and a home made from a copy",
  start: (house) => Promise.resolve(startBackups(house, fileURLToPath(new URL(`../main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)))),
};
