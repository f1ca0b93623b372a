import { useState } from "react";
import { formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Picker } from "../../ui/picker.tsx";
import { trackingApi } from "./tracking-api.ts";

/** Chooses another experiment, however many there are: the server searches their names. */
export function ExperimentPicker({ name, onPick }: { name: string; onPick: (id: string) => void }) {
  const [words, setWords] = useState("");
  const { data } = useLiveQuery(["tracking", "experiments", words], (signal) => trackingApi("GET /experiments", { query: { search: words, offset: 0, limit: 50 } }, { signal }));
  return (
    <Picker
      label="Experiment"
      chosen={name}
      options={(data?.experiments ?? []).map((one) => ({ id: one.id, name: one.name, note: `${formatNumber(one.runs)} runs` }))}
      total={data?.total ?? 0}
      onSearch={setWords}
      onPick={({ id }) => onPick(id)}
    />
  );
}
