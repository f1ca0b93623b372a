import type { Endpoint } from "../../models/deployment.ts";
import { describeReading } from "../../../../values/reading.ts";
import type { TensorSpec } from "../../runtimes/runtime.ts";
import { inputsByName } from "../../tensors/matrix-columns.ts";
import { exampleRow } from "./example.ts";

/** What a form was sent with, and what came of it. */
export interface FormOutcome {
  readonly fields: Readonly<Record<string, string>>;
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** A page with a field for every input of a model; plain HTML, without scripts. */
export function formPage({ name, main }: Endpoint, outcome?: FormOutcome): string {
  const { model } = main.held;
  const example = exampleRow(model);
  const fields = inputsByName(model.inputs).map((spec) => field(spec, outcome && Object.hasOwn(outcome.fields, spec.name) ? outcome.fields[spec.name] : textOf(example[spec.name]))).join("\n");
  const curl = `curl -H 'content-type: application/json' -d '${JSON.stringify(example)}' http://HOST/predict/${encodeURIComponent(name)}`;
  return page(
    `Predict with ${name}`,
    `<h1>${escape(name)}</h1>
<p>Version ${escape(main.version)}, ${escape(model.platform)}. One prediction at a time; programs send JSON to the same address.</p>
<form method="post">
${fields}
<button>Predict</button>
</form>
${outcome ? outcomeOf(outcome) : ""}
<h2>From a program</h2>
<pre>${escape(curl)}</pre>
<p><a href="/predict/${encodeURIComponent(name)}/openapi.json">OpenAPI</a> · <a href="/predict">All models</a></p>`,
  );
}

/** The models there are, with their forms. */
export const listPage = (endpoints: readonly Endpoint[]): string =>
  page(
    "Models",
    `<h1>Models</h1>
${
  endpoints.length === 0
    ? "<p>No model is served yet. Deploy one with <code>millrace run</code> or <code>millrace deployments set</code>; a gateway of its own is given them by <code>millrace gateway --model NAME=FILE</code>.</p>"
    : `<ul>${endpoints.map(({ name, main }) => `<li><a href="/predict/${encodeURIComponent(name)}">${escape(name)}</a>, version ${escape(main.version)}</li>`).join("")}</ul>`
}
<p><a href="/openapi.json">OpenAPI</a></p>`,
  );

function field({ name, datatype, shape, optional, reading }: TensorSpec, value: string): string {
  // Its values may have marks that the browser's own fields for numbers refuse.
  const marked = reading && Object.keys(reading).some((key) => key !== "type");
  const number = !marked && datatype !== "BYTES" && datatype !== "BOOL" && shape.slice(1).every((size) => size === 1);
  const kind = number ? `type="number" step="${datatype.startsWith("FP") ? "any" : "1"}"` : 'type="text"';
  return `<label>${escape(name)} <small>${escape(reading && (marked || reading.type === "timestamp") ? describeReading(reading) : kindOf(datatype))}${optional ? ", may be empty" : ""}</small><input name="${escape(name)}" ${kind} value="${escape(value)}"></label>`;
}

const kindOf = (datatype: TensorSpec["datatype"]): string =>
  datatype === "BYTES" ? "text" : datatype === "BOOL" ? "true or false" : datatype.startsWith("FP") || datatype === "BF16" ? "number" : "whole number";

function outcomeOf({ answer, error }: FormOutcome): string {
  if (error !== undefined) return `<p class="error" role="alert">${escape(error)}</p>`;
  const rows = Object.entries(answer ?? {}).map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(textOf(value))}</td></tr>`);
  return `<table role="status">${rows.join("")}</table>`;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value) ?? "");

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff; }
label { display: grid; grid-template-columns: 16rem 1fr; gap: 1rem; align-items: center; margin: .5rem 0; }
input { font: inherit; padding: .35rem .5rem; border: 1px solid #8793a3; border-radius: 4px; }
button { font: inherit; margin: 1rem 0; padding: .5rem 1.5rem; border: 0; border-radius: 4px; background: #0b5cad; color: #fff; }
small { color: #5b6776; } table { border-collapse: collapse; } th, td { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid #d5dbe3; }
pre { background: #f3f5f8; padding: .75rem; overflow-x: auto; } .error { color: #a3161c; }
@media (prefers-color-scheme: dark) { body { background: #14181f; color: #e6eaf0; } pre { background: #1f2630; } small { color: #9aa6b5; } a { color: #78b4f5; } .error { color: #ff9a9e; } input { background: #1f2630; color: inherit; } }
</style>
${body}
</html>
`;
