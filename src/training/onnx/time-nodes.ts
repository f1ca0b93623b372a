import { dayMs, hourMs } from "../time-parts.ts";
import type { ModelColumn, TimePart } from "../types.ts";
import type { OnnxGraph } from "./graph.ts";

/** The nodes of `time-parts.ts` over double inputs [rows, 1], milliseconds since 1970 with NaN for missing; gives the name of a float [rows, 1]. */
export function addTimeColumn(graph: OnnxGraph, from: NonNullable<ModelColumn["from"]>): string {
  if ("since" in from) {
    const difference = graph.node("Sub", [from.feature, from.since]);
    return graph.node("Cast", [graph.node("Div", [difference, graph.double(dayMs)])], { attributes: { to: { int: 1 } } });
  }
  return graph.node("Cast", [addPart(graph, from.feature, from.part)], { attributes: { to: { int: 1 } } });
}

function addPart(graph: OnnxGraph, time: string, part: TimePart): string {
  const add = (one: string, other: string): string => graph.node("Add", [one, other]);
  const sub = (one: string, other: string): string => graph.node("Sub", [one, other]);
  const times = (one: string, by: number): string => graph.node("Mul", [one, graph.double(by)]);
  const floorOf = (one: string, by: number): string => graph.node("Floor", [graph.node("Div", [one, graph.double(by)])]);
  const modulo = (one: string, by: number): string => sub(one, times(floorOf(one, by), by));
  const days = floorOf(time, dayMs);
  if (part === "weekday") return modulo(add(days, graph.double(3)), 7);
  if (part === "hour") return modulo(floorOf(time, hourMs), 24);
  const shifted = add(days, graph.double(719_468));
  const era = floorOf(shifted, 146_097);
  const dayOfEra = sub(shifted, times(era, 146_097));
  const leapless = sub(add(sub(dayOfEra, floorOf(dayOfEra, 1460)), floorOf(dayOfEra, 36_524)), floorOf(dayOfEra, 146_096));
  const yearOfEra = floorOf(leapless, 365);
  const before = sub(add(times(yearOfEra, 365), floorOf(yearOfEra, 4)), floorOf(yearOfEra, 100));
  const shiftedMonth = floorOf(add(times(sub(dayOfEra, before), 5), graph.double(2)), 153);
  const wraps = floorOf(shiftedMonth, 10);
  if (part === "year") return add(add(yearOfEra, times(era, 400)), wraps);
  return sub(add(shiftedMonth, graph.double(3)), times(wraps, 12));
}
