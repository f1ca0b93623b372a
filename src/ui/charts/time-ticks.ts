const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const day = 86_400;

/**
 * The labels of ticks on a time axis, in UTC: hours, days or months by the `step` between ticks (seconds), and below the first of
 * each year (each day, for hours) which one it is.
 */
export function timeTicks(ticks: readonly number[], step: number): string[] {
  let before = "";
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const [dayOfMonth, month, year] = [`${date.getUTCDate()}`, months[date.getUTCMonth()], `${date.getUTCFullYear()}`];
    const [label, whole] =
      step < day ? [date.toISOString().slice(11, 16), `${dayOfMonth} ${month}`] : step < 28 * day ? [`${dayOfMonth} ${month}`, year] : step < 365 * day ? [month, year] : [year, ""];
    const text = whole === before || whole === "" ? label : `${label}\n${whole}`;
    before = whole;
    return text;
  });
}
