/** What a colour says: all is well, something is wrong, look here, something moves, another thing of the same kind, nothing. */
export type Tone = "good" | "bad" | "copper" | "water" | "plum" | "quiet";

/** The custom property that holds a tone's colour. */
export const toneColor = (tone: Tone): string => (tone === "quiet" ? "var(--muted)" : `var(--${tone})`);
