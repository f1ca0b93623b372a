import { describeError, invalid } from "../../../../errors.ts";

/** A sentence that says what to do, of ONNX Runtime's reason not to load a file; the reason itself where nothing better is known. */
export function whyUnreadable(reason: string): string {
  const ir = /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(reason);
  if (ir) return `it is of IR version ${ir[1]}, and ${ir[2]} is the newest that this runtime reads; export it with an older one (onnx.helper.make_model(…, ir_version=${ir[2]}), or set model.ir_version = ${ir[2]} before saving).`;
  const opset = /Opset (\d+) is under development[^]*?official support for domain (\S+) is till opset (\d+)/.exec(reason);
  if (opset) return `it is of opset ${opset[1]} of ${opset[2]}, and ${opset[3]} is the newest that this runtime knows; export it with opset ${opset[3]} or older (target_opset=${opset[3]}, opset_version=${opset[3]}).`;
  const locale = /Failed to construct locale with name:([\w.-]+)/.exec(reason);
  if (locale) return `it changes the case of texts by the locale ${locale[1]}, which this machine does not have; install it (Debian: apt-get install locales, then localedef -i ${locale[1].split(".")[0]} -f UTF-8 ${locale[1]}).`;
  return reason;
}

/** A failure of a run that is the request's fault as such; any other as it is. */
export function asClients(error: unknown): unknown {
  const said = describeError(error);
  if (/Unknown Category and zeros = 0/i.test(said)) {
    return invalid("serving.unknown_category", `A value is no category that the model's encoder knows, and the encoder refuses others: ${said}`);
  }
  return error;
}
