import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../../errors.ts";

/** What secrets are kept with: AES-256-GCM under a key of the home folder. */
export interface SecretKey {
  /** Tells keys apart, and nothing of the key. */
  readonly name: string;
  /** `owner` (the webhook's id) must be the same when it is opened: a secret that is moved to another row is not opened. */
  readonly seal: (secret: string, owner: string) => string;
  readonly open: (sealed: string, owner: string) => string;
}

const file = "webhook-secrets.key";

/** The key of a home folder (`webhook-secrets.key`, readable by its owner only); made at the first need. */
export async function secretKey(home: string): Promise<SecretKey> {
  const path = join(home, file);
  const known = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (known && known.length !== 32) throw new MillraceError("registry.bad_secret_key", 500, `${path} is not a key of 32 bytes; put back the one that was there`);
  return withKey(known ?? (await makeKey(home, path)));
}

async function makeKey(home: string, path: string): Promise<Buffer> {
  const key = randomBytes(32);
  await mkdir(home, { recursive: true });
  const made = await open(`${path}.tmp`, "w", 0o600);
  await made.writeFile(key);
  await made.sync();
  await made.close();
  await chmod(`${path}.tmp`, 0o600);
  await rename(`${path}.tmp`, path);
  return key;
}

function withKey(key: Buffer): SecretKey {
  return {
    name: createHash("sha256").update("millrace webhook secrets").update(key).digest("hex").slice(0, 16),
    seal: (secret, owner) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(owner));
      return Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
    },
    open: (sealed, owner) => {
      const bytes = Buffer.from(sealed, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
    },
  };
}
