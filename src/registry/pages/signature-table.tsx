import { DataTable } from "../../ui/data-table.tsx";
import type { ModelSignature } from "../mlmodel.ts";

/** The inputs, outputs and parameters of a model. */
export function SignatureTable({ signature: { inputs, outputs, params } }: { signature: ModelSignature }) {
  const rows = [...inputs.map((field) => ({ ...field, kind: "input" })), ...outputs.map((field) => ({ ...field, kind: "output" })), ...params.map((field) => ({ ...field, kind: "parameter" }))];
  return (
    <DataTable
      label="Signature"
      rows={rows.map((row, index) => ({ ...row, key: `${row.kind} ${index}` }))}
      rowKey={({ key }) => key}
      columns={[
        { key: "name", header: "Name", render: ({ name }) => name || "(without a name)" },
        { key: "kind", header: "Is", render: ({ kind, required, default: fallback }) => (fallback === undefined ? `${kind}${required ? "" : ", optional"}` : `${kind}, ${fallback} if not given`) },
        { key: "type", header: "Type", render: ({ type }) => <code>{type}</code> },
      ]}
    />
  );
}
