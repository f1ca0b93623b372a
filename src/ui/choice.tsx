import "./picker.css";
import { useId, useState } from "react";
import { matchesWords } from "./matches-words.ts";
import { Picker, type PickerOption } from "./picker.tsx";

interface ChoiceProps {
  readonly label: string;
  /** The id of what is chosen. */
  readonly chosen: string;
  /** All there are, however many. */
  readonly options: readonly PickerOption[];
  readonly onPick: (id: string) => void;
}

/** So many are seen at a glance; more are searched. */
export const mostListed = 30;
const mostFound = 50;

/** Chooses one of what the page knows already: from a list while they are few, else by typing. */
export function Choice({ label, chosen, options, onPick }: ChoiceProps) {
  const id = useId();
  const [words, setWords] = useState("");
  if (options.length > mostListed) {
    const found = words === "" ? options : options.filter(({ name }) => matchesWords(words, [name]));
    return <Picker label={label} chosen={options.find((option) => option.id === chosen)?.name ?? chosen} options={found.slice(0, mostFound)} total={found.length} onSearch={setWords} onPick={(option) => onPick(option.id)} />;
  }
  return (
    <div className="combo">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="select" value={chosen} onChange={(event) => onPick(event.target.value)}>
        {options.map((option) => (
          <option key={option.id} value={option.id}>
            {option.note ? `${option.name} (${option.note})` : option.name}
          </option>
        ))}
      </select>
    </div>
  );
}
