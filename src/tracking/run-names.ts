const manners = ["brisk", "calm", "clear", "deep", "early", "fleet", "gentle", "grand", "keen", "lively", "mossy", "quiet", "rapid", "silver", "steady", "swift"];
const things = ["brook", "cog", "dam", "ford", "heron", "lock", "mill", "otter", "paddle", "pond", "reed", "river", "sluice", "stone", "weir", "wheel"];

/** A name for a run that has none, made of its id (32 hex digits): the same id gives the same name. */
export function nameOfRun(id: string): string {
  const number = Number.parseInt(id.slice(0, 8), 16) || 0;
  return `${manners[number % 16]}-${things[(number >>> 4) % 16]}-${(number >>> 8) % 1000}`;
}
