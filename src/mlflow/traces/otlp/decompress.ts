import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw } from "node:zlib";
import { invalid, MillraceError } from "../../../errors.ts";

/** What a body may grow to: as much as one may be that is sent as it is. */
const mostBytes = 64 << 20;

const ways = {
  gzip: [promisify(gunzip)],
  // zlib's format, as RFC 9110 has it; some clients send the bare stream.
  deflate: [promisify(inflate), promisify(inflateRaw)],
} as const;

/**
 * A body as it was before its Content-Encoding. Throws `mlflow.body_too_large` (413) rather than let it grow beyond bounds,
 * `mlflow.unknown_encoding` (415), and `mlflow.bad_encoding`.
 */
export async function decompressed(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return body;
  if (name !== "gzip" && name !== "deflate") throw new MillraceError("mlflow.unknown_encoding", 415, `Unsupported Content-Encoding: ${name}; gzip and deflate are understood`);
  let failure: unknown;
  for (const way of ways[name]) {
    try {
      return await way(body, { maxOutputLength: mostBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        throw new MillraceError("mlflow.body_too_large", 413, `The body is larger than ${mostBytes} bytes once it is decompressed`);
      }
      failure ??= error;
    }
  }
  throw invalid("mlflow.bad_encoding", `Failed to decompress ${name} payload: ${(failure as Error).message}`);
}
