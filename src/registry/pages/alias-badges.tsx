import { Badge } from "../../ui/badge.tsx";

/** The aliases that point at a version; of a champion that came as challenger, champion alone says it. */
export function AliasBadges({ aliases }: { aliases: readonly string[] }) {
  const shown = aliases.includes("champion") ? aliases.filter((alias) => alias !== "challenger") : aliases;
  return shown.map((alias) => (
    <Badge key={alias} tone={alias === "champion" ? "good" : alias === "challenger" ? "copper" : "water"} icon={alias === "champion" ? "check" : "branch"}>
      {alias}
    </Badge>
  ));
}
