/** Endings of files that are text, as MLflow's server has them (mlflow/utils/mime_type_utils.py). */
const texts = new Set("txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst mlmodel mlproject".split(" "));

/** Others that a browser shows without running anything of them. */
const harmless: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  pdf: "application/pdf",
};

/** The content type of a file by its name. What could run in a browser (HTML, SVG) is bytes like any other. */
export function contentTypeOf(path: string): string {
  const ending = /[^./]*$/.exec(path)?.[0].toLowerCase() ?? "";
  return texts.has(ending) ? "text/plain" : (harmless[ending] ?? "application/octet-stream");
}

/** A Content-Disposition that has a browser save the file under its own name (RFC 6266). */
export function attachment(path: string): string {
  const name = path.split("/").at(-1) ?? "";
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const token = /^[\w!#$&+.^`|~-]+$/.test(plain) ? plain : `"${plain}"`;
  return `attachment; filename=${token}${plain === name ? "" : `; filename*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)}`}`;
}
