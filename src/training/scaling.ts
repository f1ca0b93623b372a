/** More than this has a float32 no room for: integers beyond it fold together. */
const largestExact = 2 ** 24;
/** Values whose spread is a smaller share of their size than this lose digits that matter in float32. */
const narrow = 1e-4;

/**
 * The middle of numbers that float32 would fold together (dates and identifiers as integers, seconds since 1970, large amounts that hardly differ), to be
 * taken off in double before they are narrowed; undefined where float32 holds them well enough. NaN and infinite values (whose difference with themselves is
 * NaN) do not count.
 */
export function offsetOf(values: Float64Array): number | undefined {
  let [count, sum, min, max, whole] = [0, 0, Infinity, -Infinity, true];
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (!(value - value === 0)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  if (count === 0 || min === max) return undefined;
  const mean = sum / count;
  const size = Math.max(Math.abs(min), Math.abs(max));
  let squares = 0;
  for (let row = 0; row < values.length; row++) if (values[row] - values[row] === 0) squares += (values[row] - mean) ** 2;
  const spread = Math.sqrt(squares / count);
  const folds = (whole && size > largestExact) || spread < narrow * Math.abs(mean);
  // Taking the middle off must help: numbers that spread over all sizes stay as they are.
  return folds && Math.max(max - mean, mean - min) < size * 0.9 ? Math.round(mean) : undefined;
}
