import { plainText } from "../../cli/plain-text.ts";
import { formatDuration } from "../../clock.ts";
import { invalid, MillraceError } from "../../errors.ts";
import { explainEnd } from "../recipes/explain-end.ts";
import type { CommandEnd } from "../recipes/run-command.ts";

interface Cause {
  /** What pip and uv print where it is the cause. */
  readonly says: RegExp;
  /** @param about what could not be made @param said the lines that matter, as the end of a sentence */
  readonly error: (about: string, said: string, details: Readonly<Record<string, unknown>> | undefined) => MillraceError;
}

/** Causes by what pip (23.2) and uv say; the first that is said holds: without a network pip also says that it found no package. */
const causes: readonly Cause[] = [
  {
    says: /NewConnectionError|NameResolutionError|Failed to establish a new connection|ConnectTimeoutError|Max retries exceeded|Cannot connect to proxy|ProxyError|dns error|error sending request|client error \(Connect\)|Network is unreachable|tcp connect error/i,
    error: (about, said, details) => invalid("training.no_network", `${about}: the package index could not be reached. Look at the network of the server, or at its PIP_INDEX_URL (uv: UV_DEFAULT_INDEX)${said}`, details),
  },
  {
    says: /requires a different Python|require a different python version|does not satisfy Python|Python requirement is incompatible|is incompatible with the project's Python requirement/i,
    error: (about, said, details) => invalid("training.python_version", `${about}: what it asks for is not for this version of Python${said}`, details),
  },
  {
    says: /ResolutionImpossible|conflicting dependencies|depends on .* and .*\n?.* depends on|requirements are unsatisfiable because|versions? of .* are incompatible|lockfile .* needs to be updated|lockfile is outdated/i,
    error: (about, said, details) => invalid("training.version_conflict", `${about}: what it asks for does not go together${said}`, details),
  },
  {
    says: /Failed building wheel|Failed to build|metadata-generation-failed|build backend returned an error|no wheels? (with|for)|has no usable wheels|is not a supported wheel on this platform|no source distribution/i,
    error: (about, said, details) => invalid("training.no_wheel", `${about}: a package has no wheel for this Python and platform, and could not be built from its source here. Ask for a version that has one, or install what building it needs${said}`, details),
  },
  {
    says: /No matching distribution found|was not found in the (package registry|provided package locations)|there is no version of|could not be found|not found in the package registry|Because only .* (is|are) available/i,
    error: (about, said, details) => invalid("training.package_not_found", `${about}: a package, or the version of it that is asked for, is not in the package index${said}`, details),
  },
  {
    says: /No solution found when resolving/i,
    error: (about, said, details) => invalid("training.version_conflict", `${about}: what it asks for does not go together${said}`, details),
  },
  {
    says: /ensurepip is not|No module named (venv|ensurepip|pip)/i,
    error: (about, said, details) => invalid("training.tool_not_found", `${about}: this Python cannot make environments. Install what is missing (Debian: apt-get install python3-venv), or uv${said}`, details),
  },
];

const matters = /error|conflict|requires|depends|because|not found|no matching|unsatisfiable|no space|failed|incompatible/i;

/** Why an installer did not end well, as an error of its own kind with the lines of its output that matter; undefined when it ended well. */
export function explainInstall(declared: string, command: string, end: CommandEnd, timeout: number | null): MillraceError | undefined {
  const known = explainEnd(command, end, timeout);
  if (known === undefined) return undefined;
  const { details } = known;
  const about = `The environment of train.python: ${declared} could not be made`;
  if (known.code === "training.timeout") return new MillraceError(known.code, known.status, `${about} within ${formatDuration(timeout ?? end.seconds * 1000)}, the time that train.timeout gives it and the command each; ${JSON.stringify(command.slice(0, 200))} was ended`, { details });
  if (known.code !== "training.command_failed") return new MillraceError(known.code, known.status, `${about}: ${known.message}`, { details });
  const text = plainText(end.tail);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const cause = causes.find(({ says }) => says.test(text));
  const telling = lines.filter((line) => matters.test(line));
  const shown = (telling.length > 0 ? telling : lines).slice(-8).map((line) => line.slice(0, 300));
  const said = shown.length === 0 ? "" : `; it said:\n${shown.join("\n")}`;
  return cause?.error(about, said, details) ?? invalid("training.install_failed", `${about}: ${JSON.stringify(command.slice(0, 200))} ended with exit code ${end.code}${said}`, details);
}
