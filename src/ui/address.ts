import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Address = Readonly<Record<string, string | undefined>>;

/** What the page's address says after its question mark, and how to change it; what is undefined or empty is left out. */
export function useAddress(): readonly [Address, (patch: Address) => void] {
  const search = useSearch({ strict: false }) as Address;
  const navigate = useNavigate();
  const change = useCallback(
    (patch: Address) => {
      const next = (old: Address): Address => Object.fromEntries(Object.entries({ ...old, ...patch }).filter(([, value]) => value !== undefined && value !== ""));
      void navigate({ to: ".", search: next, replace: true, resetScroll: false });
    },
    [navigate],
  );
  return [search, change];
}
