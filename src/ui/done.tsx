import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import "./ask-button.css";

/** What was just done, with the way to take it back. */
export interface DoneMessage {
  readonly text: string;
  readonly undo?: () => Promise<unknown>;
}

/** Says what was just done; read out by screen readers. `onUndone` hears that it was taken back. */
export function Done({ message, onUndone }: { message: DoneMessage | undefined; onUndone: () => void }) {
  const queries = useQueryClient();
  const [fault, setFault] = useState<string>();
  if (!message) return null;
  const { text, undo } = message;
  const takeBack = async (): Promise<void> => {
    try {
      await undo?.();
      await queries.invalidateQueries();
      onUndone();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <output className="done">
      <span>{fault ?? text}</span>
      {undo ? (
        <button type="button" className="button" onClick={() => void takeBack()}>
          Undo
        </button>
      ) : null}
    </output>
  );
}
