import { AskButton } from "../../ui/ask-button.tsx";
import type { TriggerView } from "../triggers/describe-trigger.ts";
import { pipelinesApi } from "./pipelines-api.ts";

const reason = { name: "reason", label: "Why (it is kept)" };
const given = (values: Readonly<Record<string, string>>) => (values["reason"] ? { reason: values["reason"] } : {});

/** Fires a trigger, lets it rest, or wakes it. */
export function TriggerButtons({ trigger: { name, paused } }: { trigger: Pick<TriggerView, "name" | "paused"> }) {
  const params = { name };
  if (paused) {
    return (
      <AskButton label="Resume" name={`Resume ${name}`} title={`Resume ${name}`} confirm="Resume" fields={[reason]} run={(values) => pipelinesApi("POST /triggers/:name/resume", { params, body: given(values) })}>
        It fires for what comes from now on.
      </AskButton>
    );
  }
  return (
    <span className="row">
      <AskButton label="Fire now" name={`Fire now ${name}`} title={`Fire ${name} now`} confirm="Fire" fields={[reason]} run={(values) => pipelinesApi("POST /triggers/:name/fire", { params, body: { ...given(values), at_once: true } })}>
        Its pipeline starts as soon as no other run of its model goes on; it waits for no debounce and no cool-down.
      </AskButton>
      <AskButton quiet label="Pause" name={`Pause ${name}`} title={`Pause ${name}`} confirm="Pause" fields={[reason]} run={(values) => pipelinesApi("POST /triggers/:name/pause", { params, body: given(values) })}>
        What waits of it does not fire.
      </AskButton>
    </span>
  );
}
