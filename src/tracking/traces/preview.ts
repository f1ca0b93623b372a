import { isAttributes } from "./conventions.ts";
import type { AttributeValue, Attributes } from "./types.ts";
import { writeAttributes } from "./attribute-json.ts";

const longest = 1000;

/**
 * The beginning of a request or an answer, as lists of traces show it: of a chat, the last message of that role (or the last one) in plain
 * words; of anything else, its JSON. Undefined for nothing.
 */
export function previewOf(value: AttributeValue | undefined, role: "user" | "assistant"): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text = chatText(value, role) || (typeof value === "string" ? value : writeAttributes(value));
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}

function chatText(value: AttributeValue, role: string): string {
  const messages = messagesIn(value);
  const message = messages.findLast((one) => one["role"] === role) ?? messages.at(-1);
  const content = message?.["content"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  for (const part of content as readonly AttributeValue[]) {
    if (typeof part === "string") return part;
    if (isAttributes(part) && (part["type"] === "text" || part["type"] === "output_text") && typeof part["text"] === "string") return part["text"];
  }
  return "";
}

/** The messages of a request or an answer of OpenAI's chat and responses APIs, which others have taken over. */
function messagesIn(value: AttributeValue): Attributes[] {
  if (!isAttributes(value)) return [];
  const choice = list(value["choices"])[0];
  const candidates = [value["messages"], isAttributes(choice) ? [choice["message"]] : undefined, value["input"], value["output"]];
  for (const candidate of candidates) {
    const messages = list(candidate).filter((one): one is Attributes => isAttributes(one) && "role" in one && "content" in one);
    if (messages.length > 0) return messages;
  }
  return value["request"] === undefined ? [] : messagesIn(value["request"]);
}

const list = (value: unknown): readonly AttributeValue[] => (Array.isArray(value) ? (value as readonly AttributeValue[]) : []);
