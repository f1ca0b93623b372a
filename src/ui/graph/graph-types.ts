import type { IconName } from "../icon.tsx";
import type { Tone } from "../tone.ts";

export interface GraphNode {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly tone: Tone;
  readonly icon?: IconName;
  /** The page about it. */
  readonly to?: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}
