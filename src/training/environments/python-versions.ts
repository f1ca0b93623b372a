import { invalid } from "../../errors.ts";

const clause = /^(===|==|!=|<=|>=|~=|<|>)\s*(\d+(?:\.\d+){0,2})(\.\*)?$/;

/**
 * Whether a version of Python is one of those asked for: the clauses of PEP 440 over up to three numbers, joined by commas. Pre-releases count as the version they
 * lead to.
 *
 * @throws `training.environment_not_understood` for anything else
 */
export function fits(version: string, asked: string): boolean {
  const have = numbers(version);
  return asked
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .every((part) => {
      const match = clause.exec(part);
      if (!match) throw invalid("training.environment_not_understood", `The versions of Python that train.python asks for, ${JSON.stringify(asked)}, are not understood at ${JSON.stringify(part)}; clauses such as >=3.10,<3.14 or ==3.12.* are`);
      const [, operator, text, star] = match;
      if (star !== undefined && !["==", "!="].includes(operator)) throw invalid("training.environment_not_understood", `${JSON.stringify(part)} asks for no version of Python: .* goes with == and != alone`);
      const want = text.split(".").map(Number);
      const begins = want.every((number, at) => have[at] === number);
      const order = compare(have, want);
      switch (operator) {
        case "==":
        case "===":
          return star === undefined ? order === 0 : begins;
        case "!=":
          return star === undefined ? order !== 0 : !begins;
        case "~=":
          return order >= 0 && want.slice(0, -1).every((number, at) => have[at] === number);
        case ">=":
          return order >= 0;
        case "<=":
          return order <= 0;
        case ">":
          return order > 0;
        default:
          return order < 0;
      }
    });
}

const numbers = (version: string): number[] => (/^\d+(\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
