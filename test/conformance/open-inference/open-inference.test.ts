import { expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../../src/serving/gateway/fixtures/gateway-process.ts";
import { binaryRules } from "./binary-rules.ts";
import { grpcRules } from "./grpc-rules.ts";
import { restRules } from "./rest-rules.ts";
import { checkRules } from "./rule.ts";
import { Target } from "./target.ts";

const rules = [...restRules, ...binaryRules, ...grpcRules];

// Models that take the columns of a table leave out what they do not know, and tell; the protocol's servers refuse it, which is a setting here.
test.each(["simple", "trips-1", "churn", "matrix"])("the gateway keeps every rule of the protocol, with the model %s", async (model) => {
  const { url, address } = await startProcess(await makeHome(config(1, { ...endpoint(model, variant("champion", model, 1)), unknownInputs: "refuse" })));
  const target = new Target({ url, grpc: `${address.host}:${address.grpcPort}`, model });
  onTestFinished(() => target.close());
  const outcomes = await checkRules(rules, target);
  expect(outcomes.filter(({ result }) => result !== "passed").map(({ rule, reason }) => `${rule.name}: ${reason}`)).toEqual([]);
});

test("a server that answers nothing of the kind keeps no rule", async () => {
  const { url, address } = await startProcess(await makeHome(config(1)));
  const target = new Target({ url: `${url}/somewhere`, grpc: `${address.host}:${address.grpcPort}`, model: "simple" });
  onTestFinished(() => target.close());
  const outcomes = await checkRules(rules, target);
  // What holds of a server without the model: it lives, and refuses what is not there.
  const kept = outcomes.filter(({ result }) => result === "passed").map(({ rule }) => rule.name);
  expect(kept).toEqual([
    "GET v2/models/{model} of a model that is not there is refused",
    "ServerLive answers true",
    "ServerReady answers true",
    "ModelMetadata of a model that is not there fails",
  ]);
});
