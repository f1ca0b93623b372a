import { fileURLToPath } from "node:url";
import { invalidParameter, mlflowError } from "./mlflow-error.ts";

/** Where a file lies: with a run, a logged model or a trace (`owner` is its id), or, without an owner, at a path of its own. */
export interface Place {
  readonly owner: string;
  /** From the owner's root, without slashes at the ends; "" is the root. */
  readonly path: string;
  /** The folder on this machine it is in instead, when the artifact root is one (`--artifact-root file:///…`). */
  readonly folder?: string;
}

/** Paths are keys in the database, and names of files: longer ones fit neither. */
const longestPath = 600;

/**
 * A path below an artifact root in its one plain form. Everything that may lead out of it is refused with "Invalid path": `..`, absolute
 * paths, drive letters, schemes, backslashes, control characters; also when they are percent-encoded, however often, since a client
 * or a proxy may decode once more than we do. Of control characters that only decoding makes, those that end names or lines are refused: pictures that
 * `mlflow.log_image` logs by step have names such as `loss%step%10%timestamp%1790000000000%…`, in which `%17` is no escape.
 */
export function safePath(path: string): string {
  if (path.length > longestPath) throw invalidParameter(`Invalid path: it may have ${longestPath} characters, and has ${path.length}`);
  if (/\p{Cc}/u.test(path)) throw invalidParameter("Invalid path");
  let plain = path;
  for (let decoded = decoded1(plain); ; decoded = decoded1(plain)) {
    if (/\\|^\/|^[a-z][a-z0-9+.-]*:|^~/i.test(plain) || endsText(plain) || plain.split("/").includes("..")) throw invalidParameter("Invalid path");
    if (decoded === plain) break;
    plain = decoded;
  }
  return path.split("/").filter((part) => part !== "" && part !== ".").join("/");
}

/** Whether a control character that may end a name or a line stands in a text: those up to U+000F, and DEL. */
const endsText = (text: string): boolean => Array.from(text).some((character) => character < "\u0010" || character === "\u007f");

/** Percent-decoded once; what is not well-formed stays as it is. */
const decoded1 = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });

/** Whose file a path of the artifact proxy is: `<experiment>/<run>/artifacts/…`, `<experiment>/models/<model>/artifacts/…`, or the like of traces. */
export function placeOf(path: string): Place {
  const plain = safePath(path);
  const match = /^[^/]+\/(?:(?:models|traces)\/)?([^/]+)\/artifacts(?:\/(.*))?$/.exec(plain);
  return match ? { owner: match[1], path: match[2] ?? "" } : { owner: "", path: plain };
}

/**
 * The place of a path below an artifact URI: `mlflow-artifacts:/…`, or, where it lies under `artifactRoot`, the one the server was started
 * with, `file:///…` and `http://…/api/2.0/mlflow-artifacts/artifacts/…` (the address of this server's own proxy, as some clients write it). Files elsewhere are not ours to read.
 */
export function placeOfRoot(artifactRoot: string, uri: string, path: string): Place {
  const proxy = /^https?:.*\/api\/2\.0\/mlflow-artifacts\/artifacts$/.test(artifactRoot) && uri.startsWith(`${artifactRoot}/`) ? uri.slice(artifactRoot.length + 1) : undefined;
  const root = proxy ?? /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(uri)?.[1];
  if (root !== undefined) {
    const { owner, path: below } = placeOf(root);
    return { owner, path: [below, safePath(path)].filter((part) => part !== "").join("/") };
  }
  if (artifactRoot.startsWith("file:") && uri.startsWith(`${artifactRoot}/`) && !decoded1(uri).split("/").includes("..")) {
    return { owner: "", path: safePath(path), folder: fileURLToPath(uri) };
  }
  throw mlflowError("NOT_IMPLEMENTED", `These artifacts are kept at ${uri}, outside of Millrace: clients reach them there, without the server`);
}
