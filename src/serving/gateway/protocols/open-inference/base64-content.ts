import { invalid } from "../../../../errors.ts";
import { bytesElement } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Values } from "../../tensors/tensor.ts";

/**
 * The elements of an input whose parameter `content_type` is `base64`, by which MLServer's clients send bytes in JSON (SeldonIO/MLServer,
 * docs/user-guide/content-type.md); its other content types say how Python sees the values, which are as they are. Fails with
 * `serving.bad_value` where an element is no base64.
 */
export function contentOf(values: Values, datatype: Datatype, contentType: unknown, where: string): Values {
  if (contentType !== "base64" || datatype !== "BYTES") return values;
  return (values as BytesElement[]).map((element, index) => {
    const bytes = typeof element === "string" ? Buffer.from(element, "base64") : undefined;
    if (bytes?.toString("base64") === element) return bytesElement(bytes);
    throw invalid("serving.bad_value", `${where}: data[${index}] is no base64, which the input's content_type says it is.`);
  });
}
