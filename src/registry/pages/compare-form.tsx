import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Choice } from "../../ui/choice.tsx";
import { comparePath } from "./registry-api.ts";

/** Chooses two versions of a model to set side by side; nothing while there is only one. */
export function CompareForm({ model, versions }: { model: string; versions: readonly number[] }) {
  const navigate = useNavigate();
  const [newest, before] = versions;
  const [chosen, setChosen] = useState<{ readonly a?: number; readonly b?: number }>({});
  if (newest === undefined || before === undefined) return null;
  const { a = before, b = newest } = chosen;
  const choice = (label: string, value: number, set: (version: number) => void) => (
    <Choice label={label} chosen={String(value)} options={versions.map((version) => ({ id: String(version), name: `v${version}` }))} onPick={(id) => set(Number(id))} />
  );
  return (
    <form
      className="row compare-form"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: comparePath(model, a, model, b) });
      }}
    >
      {choice("First version", a, (version) => setChosen({ ...chosen, a: version }))}
      {choice("Second version", b, (version) => setChosen({ ...chosen, b: version }))}
      <button type="submit" className="button">
        Compare
      </button>
    </form>
  );
}
