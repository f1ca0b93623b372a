import { expect, test } from "vitest";
import { plainText } from "./plain-text.ts";

test.each<[string, string, string]>([
  ["colours", "\u001b[1;31mred\u001b[0m and \u001b[38;5;12mblue\u001b[m", "red and blue"],
  ["a cursor that is moved, a line that is cleared", "a\u001b[2K\u001b[1Ab", "ab"],
  ["a title of the window, and a link", "\u001b]0;mine\u0007x\u001b]8;;http://a.b\u001b\\here", "xhere"],
  ["the bell, backspaces, nulls", "a\u0007\b\u0000b", "ab"],
  ["a progress bar that writes over its line", "10 %\r20 %\r\n30 %\rdone\n", "10 %\n20 %\n30 %\ndone\n"],
  ["C1 control characters", "a\u009b31mb", "a31mb"],
  ["tabs, lines and letters of all kinds", "a\tb\nmüßig €\n", "a\tb\nmüßig €\n"],
])("%s", (_, text, plain) => expect(plainText(text)).toBe(plain));
