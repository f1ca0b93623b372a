import type { TrackedHouse } from "./tracked-house.ts";

const begin = 1_790_000_000_000n;

/** Sixty traces in the experiment `chat`: each a chain that retrieves and asks a model; every tenth fails in its tool; judged by people and by programs. Returns the experiment. */
export async function traceChats({ url, post }: Pick<TrackedHouse, "url" | "post">): Promise<string> {
  const experiment = (await post("experiments/create", { name: "chat_of_the_mill" })).experiment_id as string;
  const ask = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    const answer = await fetch(url + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  for (let index = 0; index < 60; index += 1) {
    const traceId = (index + 1).toString(16).padStart(32, "0");
    const failed = index % 10 === 9;
    const at = (ms: number): string => String((begin + BigInt(index) * 60_000n + BigInt(ms)) * 1_000_000n);
    const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
    const span = (number: number, parent: number | null, name: string, type: string, from: number, to: number, input: object, output: object | null, more: object = {}) => ({
      traceId,
      spanId: number.toString(16).padStart(16, "0"),
      ...(parent === null ? {} : { parentSpanId: parent.toString(16).padStart(16, "0") }),
      name,
      startTimeUnixNano: at(from),
      endTimeUnixNano: at(to),
      attributes: [text("mlflow.spanType", JSON.stringify(type)), text("mlflow.spanInputs", JSON.stringify(input)), ...(output ? [text("mlflow.spanOutputs", JSON.stringify(output))] : [])],
      status: { code: 1 },
      ...more,
    });
    const error = { status: { code: 2, message: "the index is away" }, events: [{ timeUnixNano: at(60), name: "exception", attributes: [text("exception.type", "ConnectionError"), text("exception.stacktrace", 'File "search.py", line 7\nConnectionError')] }] };
    const spans = [
      span(1, null, "answer_question", "CHAIN", 0, 400 + index * 10, { question: `How deep is race ${index}?` }, failed ? null : { answer: `${index} feet` }, failed ? { status: { code: 2 } } : {}),
      span(2, 1, "search_index", "RETRIEVER", 5, 60, { words: ["race", String(index)] }, failed ? null : { found: 3 }, failed ? error : {}),
      ...(failed ? [] : [span(3, 1, "ask_model", "LLM", 61, 390, { messages: [{ role: "user", content: `How deep is race ${index}?` }] }, { content: `${index} feet` }), span(4, 3, "tokenize", "TOOL", 62, 70, { text: "How" }, { tokens: 9 })]),
    ];
    await ask("/v1/traces", { resourceSpans: [{ resource: { attributes: [text("service.name", "mill-chat")] }, scopeSpans: [{ scope: { name: "test" }, spans }] }] }, { "x-mlflow-experiment-id": experiment });
  }
  const judge = (trace: number, assessment: object): Promise<void> => ask(`/api/3.0/mlflow/traces/tr-${trace.toString(16).padStart(32, "0")}/assessments`, { assessment });
  await judge(60, { assessment_name: "is_correct", feedback: { value: false }, source: { source_type: "HUMAN", source_id: "ada" }, rationale: "It **failed**: see the [log](https://example.org)." });
  await judge(59, { assessment_name: "is_correct", feedback: { value: true }, source: { source_type: "LLM_JUDGE", source_id: "judge_1" } });
  await judge(59, { assessment_name: "expected_depth", expectation: { value: "58 feet" }, source: { source_type: "HUMAN", source_id: "ada" } });
  return experiment;
}
