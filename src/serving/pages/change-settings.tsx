import { AskButton } from "../../ui/ask-button.tsx";
import type { ServingSettings } from "../serving-settings.ts";
import { servingApi } from "./serving-api.ts";

/** The fields of batching, by what people call them. */
const limits = [
  ["maxRows", "Rows run together at most"],
  ["delayMs", "Milliseconds a batch waits for more"],
  ["queueRows", "Rows that may wait"],
  ["timeoutMs", "Milliseconds a request may wait"],
  ["weight", "Weight against other models"],
] as const;

/** Sets how a deployment is served, whoever answers. */
export function ChangeSettingsButton({ endpoint, settings: { batching, log, pinned } }: { endpoint: string; settings: ServingSettings }) {
  return (
    <AskButton
      label="Change settings"
      title={`How ${endpoint} is served`}
      confirm="Set"
      fields={[
        ...limits.map(([name, label]) => ({ name, label, initial: text(batching?.[name]) })),
        { name: "merge", label: "Requests are scored together", options: ["as the model shows", "yes", "no"], initial: batching?.merge === undefined ? "as the model shows" : batching.merge ? "yes" : "no" },
        { name: "share", label: "Share of the requests that are logged, in percent", initial: text(log && log.share * 100) },
        { name: "pinned", label: "Pinned in memory", options: ["no", "yes"], initial: pinned ? "yes" : "no" },
        { name: "reason", label: "Why", required: true },
      ]}
      run={async (values) => {
        const numbers = limits.filter(([name]) => values[name] !== "").map(([name, label]) => [name, numberIn(values[name], label)] as const);
        const merge = values["merge"] === "yes" || values["merge"] === "no" ? { merge: values["merge"] === "yes" } : {};
        const batching = { ...Object.fromEntries(numbers), ...merge };
        return servingApi("PUT /deployments/:endpoint", {
          params: { endpoint },
          body: {
            reason: values["reason"],
            batching: Object.keys(batching).length === 0 ? null : batching,
            log: values["share"] === "" ? null : { share: numberIn(values["share"], "The share") / 100 },
            pinned: values["pinned"] === "yes",
          },
        });
      }}
    >
      What is left empty is as the gateway has it by default. Who answers stays as it is.
    </AskButton>
  );
}

const text = (value: number | undefined): string => (value === undefined ? "" : String(Number(value.toPrecision(12))));

function numberIn(value: string, what: string): number {
  const number = Number(value.replace(/\s*%$/, ""));
  if (Number.isFinite(number)) return number;
  throw new Error(`“${what}” is ${value}; write a number, or leave it empty`);
}
