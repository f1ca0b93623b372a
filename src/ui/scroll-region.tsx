import type { ReactNode } from "react";

/** A part that scrolls by itself; it takes the focus, so that the keyboard can scroll it. */
export function ScrollRegion({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  return (
    // A scrollable part that the Tab key does not reach cannot be read without a mouse (axe: scrollable-region-focusable).
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
