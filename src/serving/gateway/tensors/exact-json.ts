/** TypeScript does not know its rawJSON yet: https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown };

/**
 * What `parseJson` read as JSON that it reads as the same again: integers that no double holds, infinities and the sign of −0 stay, which JSON.stringify
 * refuses, makes null and drops. Fails with a RangeError where lists or objects nest too deep.
 */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === "bigint") return rawJSON(String(one));
    if (typeof one !== "number") return one;
    if (Object.is(one, -0)) return rawJSON("-0");
    return Number.isFinite(one) ? one : rawJSON(one > 0 ? "1e999" : "-1e999");
  });
