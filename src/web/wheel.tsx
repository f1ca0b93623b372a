/** The mill wheel; it turns while something is going on. */
export function Wheel({ turning, size }: { turning: boolean; size: number }) {
  const spokes = Array.from({ length: 8 }, (_, index) => index * 45);
  return (
    <svg viewBox="-32 -32 64 64" width={size} height={size} className={turning ? "wheel turning" : "wheel"} fill="none" stroke="var(--water)" strokeLinecap="round" aria-hidden="true">
      <circle r="18" strokeWidth="4" />
      <circle r="4" fill="var(--water)" stroke="none" />
      {spokes.map((angle) => (
        <g key={angle} transform={`rotate(${angle})`}>
          <line y1="-6" y2="-18" strokeWidth="3" />
          <path d="M0 -20 L0 -28 L7 -29" strokeWidth="4" strokeLinejoin="round" />
        </g>
      ))}
    </svg>
  );
}
