import { unpacked } from "./attribute-json.ts";
import { spanAttributes } from "./span-attributes.ts";
import type { AttributeValue, Attributes, Span } from "./types.ts";

/** How one library names what we want to know of a span. */
interface Convention {
  readonly kind?: { readonly key: string; readonly types: Readonly<Record<string, string>> };
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly model?: readonly string[];
  readonly provider?: readonly string[];
  readonly tokens?: { readonly input: string; readonly output: string; readonly total?: string; readonly cacheRead?: string; readonly cacheWrite?: string };
}

/**
 * The semantic conventions we know, the first that says something wins: OpenInference (Arize), OpenTelemetry's for generative AI,
 * OpenLLMetry (Traceloop), Google's ADK, Langfuse, Laminar.
 */
const conventions: readonly Convention[] = [
  {
    kind: {
      key: "openinference.span.kind",
      types: { TOOL: "TOOL", CHAIN: "CHAIN", LLM: "LLM", RETRIEVER: "RETRIEVER", EMBEDDING: "EMBEDDING", AGENT: "AGENT", RERANKER: "RERANKER", GUARDRAIL: "GUARDRAIL", EVALUATOR: "EVALUATOR" },
    },
    inputs: ["input.value"],
    outputs: ["output.value"],
    model: ["llm.model_name", "embedding.model_name"],
    provider: ["llm.provider"],
    tokens: { input: "llm.token_count.prompt", output: "llm.token_count.completion", total: "llm.token_count.total" },
  },
  {
    kind: {
      key: "gen_ai.operation.name",
      types: { chat: "CHAT_MODEL", create_agent: "AGENT", embeddings: "EMBEDDING", execute_tool: "TOOL", generate_content: "LLM", invoke_agent: "AGENT", text_completion: "LLM", response: "LLM" },
    },
    inputs: ["gen_ai.input.messages", "gen_ai.tool.call.arguments"],
    outputs: ["gen_ai.output.messages", "gen_ai.tool.call.result"],
    model: ["gen_ai.response.model", "gen_ai.request.model"],
    provider: ["gen_ai.provider.name"],
    tokens: {
      input: "gen_ai.usage.input_tokens",
      output: "gen_ai.usage.output_tokens",
      cacheRead: "gen_ai.usage.cache_read.input_tokens",
      cacheWrite: "gen_ai.usage.cache_creation.input_tokens",
    },
  },
  {
    kind: { key: "traceloop.span.kind", types: { workflow: "WORKFLOW", task: "TASK", agent: "AGENT", tool: "TOOL" } },
    inputs: ["traceloop.entity.input"],
    outputs: ["traceloop.entity.output"],
    provider: ["gen_ai.system"],
    tokens: { input: "gen_ai.usage.prompt_tokens", output: "gen_ai.usage.completion_tokens", total: "llm.usage.total_tokens" },
  },
  { inputs: ["gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"], outputs: ["gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"] },
  { inputs: ["langfuse.observation.input"], outputs: ["langfuse.observation.output"] },
  { inputs: ["lmnr.span.input"], outputs: ["lmnr.span.output"] },
];

/** A span with the attributes that MLflow's clients look for, read from those of other libraries where they are missing; structures sent as JSON text are unpacked. */
export function withConventions(span: Span): Span {
  const attributes: Record<string, AttributeValue> = Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, unpacked(value)]));
  const add = (key: string, value: AttributeValue | undefined): void => {
    if (attributes[key] === undefined && value !== undefined) attributes[key] = value;
  };
  const type = attributes[spanAttributes.type];
  if (type === undefined || type === null || type === "UNKNOWN") {
    const told = firstOf(({ kind }) => {
      const name = kind && attributes[kind.key];
      return kind && typeof name === "string" && Object.hasOwn(kind.types, name) ? kind.types[name] : undefined;
    });
    if (told !== undefined) attributes[spanAttributes.type] = told;
  }
  add(spanAttributes.inputs, firstOf(({ inputs }) => valueOf(attributes, inputs)));
  add(spanAttributes.outputs, firstOf(({ outputs }) => valueOf(attributes, outputs)));
  add(spanAttributes.model, firstOf(({ model }) => valueOf(attributes, model)) ?? modelIn(attributes[spanAttributes.inputs]) ?? modelIn(attributes[spanAttributes.outputs]));
  add(spanAttributes.provider, firstOf(({ provider }) => valueOf(attributes, provider)));
  add(spanAttributes.tokenUsage, firstOf((convention) => usageOf(attributes, convention.tokens)));
  return { ...span, attributes };
}

function firstOf<T>(read: (convention: Convention) => T | undefined): T | undefined {
  for (const convention of conventions) {
    const value = read(convention);
    if (value !== undefined) return value;
  }
  return undefined;
}

const valueOf = (attributes: Attributes, keys: readonly string[] = []): AttributeValue | undefined =>
  keys.map((key) => attributes[key]).find((value) => value !== undefined && value !== null && value !== "");

/** The model's name in a request to (or an answer of) a chat API. */
function modelIn(value: AttributeValue | undefined): string | undefined {
  const model = isAttributes(value) ? value["model"] : undefined;
  return typeof model === "string" && model !== "" ? model : undefined;
}

export const isAttributes = (value: unknown): value is Attributes => typeof value === "object" && value !== null && !Array.isArray(value);

function usageOf(attributes: Attributes, tokens: Convention["tokens"]): Attributes | undefined {
  if (!tokens) return undefined;
  const read = (key: string | undefined): bigint | undefined => {
    const value = key === undefined ? undefined : attributes[key];
    if (typeof value === "bigint") return value;
    return (typeof value === "string" || typeof value === "number") && /^\d+$/.test(String(value)) ? BigInt(value) : undefined;
  };
  const [input, output] = [read(tokens.input), read(tokens.output)];
  const total = read(tokens.total) ?? (input !== undefined && output !== undefined ? input + output : undefined);
  if (input === undefined && output === undefined && total === undefined) return undefined;
  const usage = { input_tokens: input, output_tokens: output, total_tokens: total, cache_read_input_tokens: read(tokens.cacheRead), cache_creation_input_tokens: read(tokens.cacheWrite) };
  return Object.fromEntries(Object.entries(usage).filter((entry): entry is [string, bigint] => entry[1] !== undefined));
}
