import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { describeError, invalid, MillraceError } from "../../errors.ts";

const tooLarge = (limit: number) =>
  new MillraceError("serving.body_too_large", 413, `The body is larger than the ${limit} bytes this server takes.`);

/** The whole body of a request, decompressed; refuses with 413 what is larger than `limit` bytes before or after. */
export async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  return decompress(await receive(message, limit), message.headers["content-encoding"], limit);
}

/**
 * Reads the body as it came. Of one that is too large, as much again is read and thrown away, so that a client that
 * sends first and listens afterwards still gets its 413.
 */
function receive(message: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(message.headers["content-length"] ?? 0);
  if (announced > 2 * limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const parts = announced > leastSized && announced <= limit ? new SizedBody(announced) : new BodyParts();
    let size = 0;
    message.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= limit) parts.add(part);
      else if (size > 2 * limit) {
        message.pause();
        reject(tooLarge(limit));
      }
    });
    message.once("end", () =>
      size > limit ? reject(tooLarge(limit)) : resolve(parts.join(size)),
    );
    message.once("error", (error) =>
      reject(
        invalid("serving.body_incomplete", `The connection ended before the whole body came: ${describeError(error)}.`),
      ),
    );
  });
}

/** A body beyond this comes in several parts. */
const leastSized = 65_536;
/** Memory for a body grows by this factor with what has come of it, so that its announcement alone takes none. */
const growth = 4;

/**
 * A body whose length is known, put into its place part by part. Its end lies at a multiple of 8 bytes: raw tensors come
 * last in a body, and can be viewed there without being copied once more.
 */
class SizedBody {
  readonly #length: number;
  readonly #start: number;
  #bytes: Buffer;
  #at: number;

  constructor(length: number) {
    this.#length = length;
    this.#start = -length & 7;
    this.#at = this.#start;
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(this.#start + length, growth * leastSized));
  }

  add(part: Buffer): void {
    if (this.#at + part.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#start + this.#length, Math.max(this.#bytes.length, part.length) * growth));
      this.#bytes.copy(larger, 0, 0, this.#at);
      this.#bytes = larger;
    }
    this.#at += part.copy(this.#bytes, this.#at);
  }

  /** The parser of HTTP/1.1 has seen to it that as much came as was announced. */
  join(size: number): Buffer {
    return this.#bytes.subarray(this.#start, this.#start + size);
  }
}

/** A part that is smaller is copied: it would keep the whole buffer of the connection in which it came. */
const smallPart = 4096;

/** The parts of a body of unknown length, or a short one, as they come; chunks of one byte take little more memory than their byte. */
class BodyParts {
  readonly #parts: Buffer[] = [];
  #block = Buffer.alloc(0);
  #used = 0;

  add(part: Buffer): void {
    if (this.#parts.length === 0 && this.#used === 0) this.#parts.push(part);
    else if (part.length >= smallPart) {
      this.#closeBlock();
      this.#parts.push(part);
    } else {
      if (this.#used + part.length > this.#block.length) {
        this.#closeBlock();
        this.#block = Buffer.allocUnsafeSlow(16 * smallPart);
      }
      this.#used += part.copy(this.#block, this.#used);
    }
  }

  join(size: number): Buffer {
    this.#closeBlock();
    return this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts, size);
  }

  /** Keeps what the block holds, and the block for what follows where it is not nearly full. */
  #closeBlock(): void {
    if (this.#used === 0) return;
    const full = this.#used > this.#block.length - smallPart;
    this.#parts.push(full ? this.#block.subarray(0, this.#used) : Buffer.from(this.#block.subarray(0, this.#used)));
    if (full) this.#block = Buffer.alloc(0);
    this.#used = 0;
  }
}

const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

async function decompress(body: Buffer, encoding = "identity", limit: number): Promise<Buffer> {
  if (encoding === "identity") return body;
  if (!Object.hasOwn(decompressors, encoding)) {
    const known = Object.keys(decompressors).join(", ");
    throw new MillraceError(
      "serving.bad_encoding",
      415,
      `The Content-Encoding "${encoding}" is not known; there is: ${known}.`,
    );
  }
  try {
    return await decompressors[encoding as keyof typeof decompressors](body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw invalid(
      "serving.bad_encoding",
      `The body is not what its Content-Encoding "${encoding}" says: ${describeError(error)}.`,
    );
  }
}

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

/** Below this many bytes compression saves nobody time. */
const leastCompressed = 4096;

/**
 * Compresses an answer for a client that accepts it. Text when it is large; raw tensors, which barely shrink, only for
 * a client that asks for one coding alone and so means it (most HTTP libraries offer a list of them by themselves).
 */
export async function compressFor(
  accepted: string | undefined,
  contentType: string | undefined,
  body: string | Buffer,
): Promise<{ body: string | Buffer; encoding?: "gzip" | "deflate" }> {
  if (accepted === undefined || body.length < leastCompressed) return { body };
  const meant = accepted === "gzip" || accepted === "deflate";
  if (!meant && contentType !== "application/json") return { body };
  const offered = accepted.split(",").map((one) => one.trim());
  const encoding = (["gzip", "deflate"] as const).find((one) => offered.some((offer) => offer === one || (offer.startsWith(`${one};`) && !/q=0(\.0*)?$/.test(offer))));
  return encoding ? { body: await compressors[encoding](body, { level: 1 }), encoding } : { body };
}
