/** Whether every word of the search stands somewhere in these texts, in any case. */
export function matchesWords(search: string, texts: readonly string[]): boolean {
  const all = texts.join("\n").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}
