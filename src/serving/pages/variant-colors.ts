/** The colour of a variant by its role, the same wherever it is drawn. */
export const variantColor = (name: string): string => (name === "champion" ? "var(--water)" : name === "challenger" ? "var(--copper)" : "var(--plum)");
