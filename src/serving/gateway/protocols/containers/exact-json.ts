/** TypeScript does not know its rawJSON yet: https://github.com/tc39/proposal-json-parse-with-source */
const json = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** What `parseJson` read as JSON again, with the integers that no double holds as they were. */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? json.rawJSON(String(one)) : one));
