const paths = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  alert: "M8 3v6M8 12.2v.3",
  play: "M5.5 3.5v9l7-4.5z",
  pause: "M5.5 4v8M10.5 4v8",
  wait: "M8 4v4l2.5 2M14 8A6 6 0 112 8a6 6 0 0112 0z",
  up: "M8 13V3.5M4 7l4-4 4 4",
  back: "M6 3.5L2.5 7 6 10.5M3 7h6.5a3.5 3.5 0 010 7H7",
  branch: "M4.5 3v10M4.5 9.5c4 0 7-1.5 7-5.5M9 5.5L11.5 3 14 5.5",
  skip: "M3.5 8h9",
  cache: "M9 2.5L4 9h4l-1 4.5L12 7H8z",
  arrow: "M3 8h9.5M8.5 4l4 4-4 4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  dot: "M8 8h.01",
} as const;

export type IconName = keyof typeof paths;

/** A small picture beside words; the words say the same, so it is hidden from screen readers. */
export function Icon({ name, size = 14 }: { name: IconName; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} fill="none" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} {...(name === "dot" ? { strokeWidth: 6 } : {})} />
    </svg>
  );
}
