import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../../test/temporary-folder.ts";
import { readConfig } from "./config-file.ts";
import type { GatewayConfig } from "./config.ts";
import { sealed } from "./sealed.ts";

const champion = { name: "champion", version: "3", location: "/m/a.onnx", content: { folder: "/m", files: { "a.onnx": "ab".repeat(32) } }, weight: 0.75, shadow: false };
const config: GatewayConfig = {
  revision: 12,
  endpoints: [{ name: "trips", salt: "s", labels: { "10": "4", stable: "3" }, variants: [champion, { ...champion, name: "challenger", version: "4", weight: 0.25 }] }],
  withheld: { gone: "its model is \"gone\"" },
};

test("a configuration reads back as it was; with any bit of it turned it is refused, or says the same", async () => {
  const file = join(await temporaryFolder(), "config.json");
  const text = Buffer.from(sealed(config));
  await writeFile(file, text);
  expect(await readConfig(file)).toEqual(config);
  const codes = new Map<string, number>();
  for (let bit = 0; bit < text.length * 8; bit++) {
    const turned = Buffer.from(text);
    turned[bit >> 3] ^= 1 << (bit & 7);
    await writeFile(file, turned);
    const outcome = await readConfig(file).then(
      (read) => (expect(read, `bit ${bit}`).toEqual(config), "same"),
      (error: { code: string }) => error.code,
    );
    codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
  }
  expect(Object.fromEntries(codes)).toEqual({ same: expect.any(Number) as number, "serving.config_invalid": expect.any(Number) as number, "serving.config_damaged": expect.any(Number) as number });
  // What changes nothing are blanks of the layout, and the name of the checksum, without which it is one that people write.
  expect(codes.get("same")).toBeLessThan(text.length);
});

test("a configuration that people write has no checksum, and is read", async () => {
  const file = join(await temporaryFolder(), "config.json");
  await writeFile(file, JSON.stringify(config));
  expect(await readConfig(file)).toEqual(config);
});
