/** The parts of a Jupyter notebook (nbformat 4) that are shown. */
interface Notebook {
  readonly cells?: readonly Cell[];
}

type Text = string | readonly string[];

interface Cell {
  readonly cell_type?: string;
  readonly source?: Text;
  readonly execution_count?: number | null;
  readonly outputs?: readonly Output[];
}

interface Output {
  readonly output_type?: string;
  readonly text?: Text;
  readonly data?: Readonly<Record<string, Text>>;
  readonly traceback?: readonly string[];
}

/**
 * A notebook as one HTML document: cells, and what they gave. Outputs that are HTML stay HTML, so the document may only be shown in a
 * sandbox that runs no scripts; all other text is escaped. Undefined when the text is no notebook.
 */
export function renderNotebook(text: string): string | undefined {
  let notebook: Notebook | null;
  try {
    notebook = JSON.parse(text) as Notebook | null;
  } catch {
    return undefined;
  }
  if (!Array.isArray(notebook?.cells)) return undefined;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Notebook</title><style>${style}</style><body>${(notebook.cells as readonly Cell[]).map(renderCell).join("\n")}</body></html>`;
}

function renderCell(cell: Cell): string {
  const source = joined(cell.source);
  if (cell.cell_type !== "code") return `<section class="words"><pre>${escape(source)}</pre></section>`;
  const outputs = (Array.isArray(cell.outputs) ? (cell.outputs as readonly Output[]) : []).map((output) => `<div class="output">${renderOutput(output)}</div>`).join("");
  const count = cell.execution_count === undefined || cell.execution_count === null ? " " : Number(cell.execution_count);
  return `<section><div class="number">In [${count}]</div><pre class="code">${escape(source)}</pre>${outputs}</section>`;
}

function renderOutput(output: Output): string {
  if (output.output_type === "stream") return `<pre>${escape(joined(output.text))}</pre>`;
  if (output.output_type === "error") return `<pre class="error">${escape(joined(output.traceback).replaceAll(terminalColors, ""))}</pre>`;
  const data = output.data ?? {};
  for (const type of ["image/png", "image/jpeg", "image/gif"]) if (data[type] !== undefined) return picture(type, joined(data[type]).replaceAll(/\s/g, ""));
  // As a picture an SVG can neither run scripts nor fetch.
  if (data["image/svg+xml"] !== undefined) return picture("image/svg+xml", Buffer.from(joined(data["image/svg+xml"])).toString("base64"));
  if (data["text/html"] !== undefined) return joined(data["text/html"]);
  return `<pre>${escape(joined(data["text/plain"]))}</pre>`;
}

const picture = (type: string, base64: string): string => `<img alt="an output of this cell" src="data:${type};base64,${escape(base64)}">`;

// Escape sequences that colour text in a terminal, as tracebacks carry them.
// eslint-disable-next-line no-control-regex
const terminalColors = /\u001b\[[\d;]*m/g;

const joined = (text: Text | undefined): string => (typeof text === "string" ? text : Array.isArray(text) ? text.join("") : "");

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => entities[mark]);

const style = `
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 1rem; color: light-dark(#13222a, #e3ecef); background: light-dark(#fff, #142026); }
section { margin: 0 0 1rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; }
.words pre { font: inherit; }
.number { color: light-dark(#52636c, #9db0b8); font: 12px ui-monospace, monospace; }
.code { padding: .6rem .8rem; border-radius: 6px; background: light-dark(#f3f6f6, #1a2930); }
.output { padding: .5rem .8rem; overflow-x: auto; }
.error { color: light-dark(#b3261e, #ff938b); }
img { max-width: 100%; background: #fff; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: .2rem .6rem; border: 1px solid light-dark(#dce4e6, #263840); text-align: right; }`;
