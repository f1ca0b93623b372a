import { expect, test } from "vitest";
import { commandNames, topCommands } from "../src/commands.ts";
import { stages } from "../src/stages.ts";

const commands = [
  ...topCommands("main.ts").map((command) => ({ line: `millrace ${command.name}`, command })),
  ...commandNames(stages).flatMap((room) => (room.commands ?? []).map((command) => ({ line: `millrace ${room.name} ${command.name}`, command }))),
];

test("every room the issue names has its word on the command line", () => {
  expect(commandNames(stages).filter((room) => room.commands?.length).map((room) => room.name)).toEqual(
    expect.arrayContaining(["data", "runs", "models", "deployments", "monitors", "pipelines"]),
  );
});

test.each(commands)("$line has an example of itself, with arguments and options that it has", ({ line, command }) => {
  expect(command.example.startsWith(line)).toBe(true);
  expect(command.summary).toMatch(/^[A-Z].{10,}[^.]$/);
  const words = command.example.slice(line.length).trim().split(/\s+/).filter((word) => word !== "");
  const known = Object.keys(command.options ?? {}).map((flags) => flags.split(" ")[0]);
  for (const word of words.filter((one) => one.startsWith("--"))) expect(["--home", "--json", ...known]).toContain(word);
  const required = Object.keys(command.arguments ?? {}).filter((name) => name.startsWith("<"));
  if (required.length > 0) expect(words.length).toBeGreaterThanOrEqual(required.length);
});
