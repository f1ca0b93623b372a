import { parseArgs } from "node:util";
import { binaryRules } from "./binary-rules.ts";
import { grpcRules } from "./grpc-rules.ts";
import { restRules } from "./rest-rules.ts";
import { checkRules } from "./rule.ts";
import { Target } from "./target.ts";

const usage = `Checks a server of the Open Inference Protocol, any server, against the protocol.
Usage: npm run conformance:oip -- --url http://HOST:PORT --model NAME [--grpc HOST:PORT]
  --url    where /v2 lies
  --model  a model that takes zeros and empty strings
  --grpc   the address of the gRPC service, without TLS; its rules are skipped when absent
`;

const { values } = parseArgs({ options: { url: { type: "string" }, model: { type: "string" }, grpc: { type: "string" } } });
const { url, model, grpc } = values;
if (url === undefined || model === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const target = new Target({ url, model, grpc });
  const outcomes = await checkRules([...restRules, ...binaryRules, ...grpcRules], target);
  target.close();
  const number = (result: string) => outcomes.filter((outcome) => outcome.result === result).length;
  for (const { rule, result, reason } of outcomes) {
    process.stdout.write(`${result.padEnd(7)}  ${rule.name}  [${rule.section}]${reason === undefined ? "" : `\n         ${reason.replaceAll("\n", "\n         ")}`}\n`);
  }
  process.stdout.write(`\n${number("passed")} passed, ${number("failed")} failed, ${number("skipped")} skipped\n`);
  if (number("failed") > 0) process.exitCode = 1;
}
