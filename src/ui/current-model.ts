import { createContext, useContext } from "react";

/** The model the pages are about, chosen in the header; null while there is none. */
export const CurrentModel = createContext<string | null>(null);

export const useCurrentModel = (): string | null => useContext(CurrentModel);
