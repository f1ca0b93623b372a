/** A number as people read it: four digits, and a dash for none. */
export const shortNumber = (value: number | undefined): string => (value === undefined ? "–" : String(Number(value.toPrecision(4))));
