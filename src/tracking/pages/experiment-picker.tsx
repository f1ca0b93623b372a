import { useState } from "react";
import { formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { matchesWords } from "../../ui/matches-words.ts";
import { Picker } from "../../ui/picker.tsx";
import { trackingApi } from "./tracking-api.ts";

/** Chooses another experiment, however many there are: the server searches their names. */
export function ExperimentPicker({ name, onPick }: { name: string; onPick: (id: string) => void }) {
  const [words, setWords] = useState("");
  const { data, isPlaceholderData } = useLiveQuery(["tracking", "experiments", words], (signal) => trackingApi("GET /experiments", { query: { search: words, offset: 0, limit: 50 } }, { signal }));
  // Until the server has answered, what it found before is there: Enter, pressed at once, must not choose what has not these words.
  const found = (data?.experiments ?? []).filter((one) => !isPlaceholderData || matchesWords(words, [one.name]));
  return (
    <Picker
      label="Experiment"
      chosen={name}
      options={found.map((one) => ({ id: one.id, name: one.name, note: `${formatNumber(one.runs)} runs` }))}
      total={data?.total ?? 0}
      onSearch={setWords}
      onPick={({ id }) => onPick(id)}
    />
  );
}
