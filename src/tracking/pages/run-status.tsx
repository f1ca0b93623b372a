import { Badge } from "../../ui/badge.tsx";
import type { RunStatus as Status } from "../types.ts";

/** A run's state as a badge: in a word, a picture and a colour. */
export function RunStatus({ status }: { status: Status }) {
  if (status === "finished") return <Badge tone="good" icon="check">finished</Badge>;
  if (status === "failed") return <Badge tone="bad" icon="cross">failed</Badge>;
  if (status === "killed") return <Badge tone="copper" icon="cross">killed</Badge>;
  return status === "scheduled" ? <Badge icon="wait">scheduled</Badge> : <Badge tone="water" icon="play">running</Badge>;
}
