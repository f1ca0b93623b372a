/** What a store wrote in one place (a column, a line of a file), as the type that is meant; nothing is "", 0 or null. */
export const textIn = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : "");
export const textOrNullIn = (value: unknown): string | null => (value === null || value === undefined ? null : textIn(value));
export const numberIn = (value: unknown): number => Number(value ?? 0);
export const numberOrNullIn = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));
