/** A line for people about the setting-up, on standard error: standard output belongs to the command's result. */
export const say = (line) => void process.stderr.write(`millrace: ${line}\n`);

/** Ends a program that could not be set up: the sentences of the failure and its causes, and exit code 1. */
export function giveUp(error) {
  for (let one = error; one; one = one.cause) say(one.message);
  process.exit(1);
}
