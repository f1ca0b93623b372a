/** What somebody chose on this machine before, by name; undefined when nothing, or when the browser keeps nothing. */
export function storedChoice(name: string): string | undefined {
  try {
    return localStorage.getItem(`millrace.${name}`) ?? undefined;
  } catch {
    // Storage is switched off: the choice lives in the address alone.
    return undefined;
  }
}

/** Remembers a choice; undefined forgets it. */
export function storeChoice(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`millrace.${name}`);
    else localStorage.setItem(`millrace.${name}`, value);
  } catch {
    // As above: nothing is lost but the memory of it.
  }
}
