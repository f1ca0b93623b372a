import { expect, test } from "vitest";
import { attachment, contentTypeOf } from "./content-type.ts";

test.each([
  ["a.txt", "text/plain"],
  ["deep/MLmodel", "text/plain"],
  ["b.pkl", "application/octet-stream"],
  ["c.PNG", "image/png"],
  ["page.html", "application/octet-stream"],
  ["picture.svg", "application/octet-stream"],
  ["noending", "application/octet-stream"],
])("%s is %s", (path, expected) => expect(contentTypeOf(path)).toBe(expected));

test.each([
  ["deep/a.txt", "attachment; filename=a.txt"],
  ["dog+step+20.png", "attachment; filename=dog+step+20.png"],
  ["two words.csv", 'attachment; filename="two words.csv"'],
  ["drei ü.bin", "attachment; filename=\"drei _.bin\"; filename*=UTF-8''drei%20%C3%BC.bin"],
  ['a"; filename=evil.exe', "attachment; filename=\"a_; filename=evil.exe\"; filename*=UTF-8''a%22%3B%20filename%3Devil.exe"],
  ["a\r\nx: y", "attachment; filename=\"a__x: y\"; filename*=UTF-8''a%0D%0Ax%3A%20y"],
])("%j is saved by %s", (path, expected) => expect(attachment(path)).toBe(expected));
