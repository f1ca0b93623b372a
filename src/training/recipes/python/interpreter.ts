/** The Python that a command runs in, as the PATH finds it: the command's own, where it begins with one. */
export function interpreterOf(command: string): string {
  const [, first] = /^\s*(?:exec\s+)?(\S+)/.exec(command) ?? [];
  return first !== undefined && /(^|\/)python[\d.]*$/.test(first) ? first : "python3";
}
