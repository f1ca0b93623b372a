import type { ReactNode } from "react";

/** A part that scrolls by itself; it takes the focus, so that the keyboard can scroll it. A group, not a landmark: those are the panels around it. */
export function ScrollRegion({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  return (
    // A scrollable part that the Tab key does not reach cannot be read without a mouse (axe: scrollable-region-focusable).
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role
    <div role="group" className={className} tabIndex={0} aria-label={label}>
      {children}
    </div>
  );
}
