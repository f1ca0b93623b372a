import { createContext, useContext } from "react";

/** The model the pages are about, chosen in the header; null while there is none. */
export const CurrentModel = createContext<string | null>(null);

export const useCurrentModel = (): string | null => useContext(CurrentModel);

/** What every link carries along in its address: the model, once there is more than one to choose from. */
export const CarriedSearch = createContext<Readonly<Record<string, string>>>({});
