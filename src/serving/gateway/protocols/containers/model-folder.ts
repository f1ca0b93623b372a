import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** A folder that holds nothing but one model's folder (as unpacked archives do) stands for that. What cannot be read stays as it is. */
export async function modelFolder(place: string): Promise<string> {
  const entries = await readdir(place, { withFileTypes: true }).catch(() => []);
  const [only, ...others] = entries.filter(({ name }) => !name.startsWith("."));
  return only?.isDirectory() && others.length === 0 && !/^\d+$/.test(only.name) ? join(place, only.name) : place;
}
