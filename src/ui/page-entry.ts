import type { ComponentType } from "react";

/** The parts of the address a page's path names, `/runs/$run` → `{run}`. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}

/** A page as a room lists it; its code is loaded when somebody goes there. */
export interface PageEntry {
  readonly path: string;
  readonly load: () => Promise<ComponentType<PageProps>>;
}
