import type { Column } from "../types.ts";
import type { LeakageFinding, LeakageOptions } from "./leakage-types.ts";
import { auc } from "./single-feature.ts";

/** Fewer rows than this in either part prove nothing. */
const fewestRows = 10;
/** How far the times of those who had the event must lie from those of the others: the area under the ROC curve. */
const leastAuc = 0.6;

/** What may happen to somebody who is followed; `status` and the like only in codes, since a loan has a status, too. */
const eventName = /^(event|status|pg_?stat|death|dead|died|deceased|alive|survived|survival|vital_?status|rel|cens|censor(ed|ing)?|cens_?(rec|dead|death)|arrest(ed)?|relapsed?|recurrence|recurred|progress(ed|ion)|failed|failure|delta|observed)$/i;
const codedOnly = /^(status|delta|failed|failure|observed|event)$/i;
/** How long somebody was followed, or when that ended. */
const lengthName = /(^|[_. ])(t|time|times|fu_?time|follow_?up(_?(time|days|weeks|months|years))?|surv(ival)?_?time|rec_?time|pg_?time|time_?to_?\w+|time_(between|from|since)_\w*_(last|end|death)\w*|weeks?|days|months|duration|stop)$/i;
const endName = /(^|[_. ])(death|died|rec(urrence)?|relapse|event|end|last_(contact|visit|observation|seen|follow_?up)|\w*of_last_\w+)[_. ]?(date)?$/i;

function hasFollowUpName({ name }: Column, target: Column, ends: boolean): boolean {
  const plain = name.replace(/[_. ]?\(.*\)$/, "");
  return ends ? endName.test(plain) : lengthName.test(plain) || isTimeOf(plain, target.name);
}

/** The event's name with a word of time before or behind it: `edrel` (the event's day) of `rel`, `time_death`, `relapse_days`. */
function isTimeOf(name: string, event: string): boolean {
  const rest = name.toLowerCase().replace(event.toLowerCase(), "").replaceAll(/[_. ]/g, "");
  return rest.length < name.length && /^(ed|t|time|timeto|days?|daysto|weeks?|months?|dur|duration)$/.test(rest);
}

/**
 * Lengths of observation among columns, and, where there is one, what else such a follow-up has found: its other lengths, and its other events.
 */
export function followUpFindings(columns: readonly Column[], target: Column, timestamps: readonly string[], task: LeakageOptions["task"]): LeakageFinding[] {
  const found = columns.flatMap((column) => followUpFinding(column, target, timestamps, task) ?? []);
  if (found.length === 0) return [];
  const [{ columns: named }] = found;
  const others = columns.filter((column) => !found.some(({ columns: [name] }) => name === column.name) && (hasFollowUpName(column, target, timestamps.includes(column.name)) || isOtherEvent(column)));
  return [...found, ...others.map(({ name }): LeakageFinding => ({ kind: "leak", columns: [name], evidence: `${name} comes of the same follow-up as ${target.name} and ${named[0]}, and is known only with them.`, statistic: 1 }))];
}

/** Another event of those who are followed: its name, and two values. */
const isOtherEvent = (column: Column): boolean => eventName.test(column.name) && (column.type === "category" ? column.dictionary.length : new Set(column.values.filter((value) => !Number.isNaN(value))).size) === 2;

/**
 * A length of observation beside the event that ends it, as tables of survival have: it is known only afterwards, and short for those whom the event
 * befell. Told by both names, and by the times of the two lying apart.
 */
function followUpFinding(column: Column, target: Column, timestamps: readonly string[], task: LeakageOptions["task"]): LeakageFinding | undefined {
  if (task === "regression" || column.type !== "number" || !eventName.test(target.name)) return undefined;
  if (target.type === "category" && codedOnly.test(target.name) && !target.dictionary.every((word) => /^(true|false|\d+)$/i.test(word))) return undefined;
  const ends = timestamps.includes(column.name);
  if (!hasFollowUpName(column, target, ends)) return undefined;
  const cells = target.type === "number" ? target.values : target.codes;
  const rows = [...cells.keys()].filter((row) => !Number.isNaN(cells[row]) && !(target.type === "category" && cells[row] < 0) && !Number.isNaN(column.values[row]));
  const first = cells[rows[0]];
  const isFirst = Int32Array.from(rows, (row) => (cells[row] === first ? 1 : 0));
  const ones = isFirst.reduce((sum, one) => sum + one, 0);
  if (ones < fewestRows || rows.length - ones < fewestRows) return undefined;
  const values = Float64Array.from(rows, (row) => column.values[row]);
  if (!ends && values.some((value) => value < 0)) return undefined;
  const apart = auc(values, isFirst);
  if (apart < leastAuc) return undefined;
  const what = ends ? `when somebody was no longer followed` : `how long somebody was followed`;
  return { kind: "leak", columns: [column.name], evidence: `${column.name} says ${what}, which is known only once ${target.name} is: it tells the classes apart with an area under the ROC curve of ${apart.toFixed(2)}.`, statistic: apart };
}
