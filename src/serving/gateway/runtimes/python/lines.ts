const longestLine = 8192;

/** Takes output as it comes; calls `onLine` for each line, the last one when `undefined` says that no more comes. Long lines are cut. */
export function lineReader(onLine: (line: string) => void): (part: string | undefined) => void {
  let rest = "";
  return (part) => {
    const lines = (rest + (part ?? "")).split("\n");
    rest = part === undefined ? "" : lines.pop()!;
    if (rest.length > longestLine) {
      lines.push(rest);
      rest = "";
    }
    for (const line of lines) if (line.trim() !== "") onLine(line.trimEnd().slice(0, longestLine));
  };
}
