import { describe, expect, test } from "vitest";
import { isLocal, managementRule } from "./management-access.ts";
import type { ManagementPolicy } from "./management-access.ts";

const may = (policy: Partial<ManagementPolicy>, headers: Record<string, string> = {}, byName = false): number => {
  try {
    managementRule({ local: true, ...policy })((name) => headers[name], byName);
    return 200;
  } catch (error) {
    return (error as { status: number }).status;
  }
};

describe("management", () => {
  test.each<[what: string, policy: Partial<ManagementPolicy>, headers: Record<string, string>, any: number, byName: number]>([
    ["this machine's programs", {}, { host: "localhost:8080" }, 200, 200],
    ["by address", {}, { host: "127.0.0.1" }, 200, 200],
    ["by IPv6 address", {}, { host: "[::1]:8080" }, 200, 200],
    ["gRPC, which has no Host", {}, {}, 200, 200],
    ["a web page", {}, { host: "localhost", origin: "http://localhost" }, 403, 403],
    ["another name of this machine (DNS rebinding)", {}, { host: "evil.example" }, 403, 403],
    ["a name that begins like this machine's", {}, { host: "localhost.evil.example" }, 403, 403],
    ["others", { local: false }, { host: "10.0.0.5" }, 403, 200],
    ["others who call themselves local", { local: false }, { host: "localhost" }, 403, 200],
    ["a web page, from others", { local: false }, { host: "10.0.0.5", origin: "http://evil.example" }, 403, 403],
    ["SageMaker", { local: false, trusted: true }, { host: "x" }, 200, 200],
    ["another port", { elsewhere: () => 8081 }, {}, 403, 200],
    ["no token", { token: "t" }, {}, 401, 401],
    ["a wrong token", { token: "t" }, { authorization: "Bearer u" }, 401, 401],
    ["a token without Bearer", { token: "t" }, { authorization: "t" }, 401, 401],
    ["the token, from a page elsewhere", { token: "t", local: false }, { authorization: "Bearer t", origin: "http://x", host: "x" }, 200, 200],
    ["the token in SageMaker", { token: "t", trusted: true }, {}, 401, 401],
    ["the token at the wrong port", { token: "t", elsewhere: () => 1 }, { authorization: "Bearer t" }, 403, 200],
  ])("%s", (_, policy, headers, any, byName) => {
    expect([may(policy, headers), may(policy, headers, true)]).toEqual([any, byName]);
  });

  test("addresses of this machine alone", () => {
    expect(["127.0.0.1", "127.1.2.3", "localhost", "::1"].filter((host) => !isLocal(host))).toEqual([]);
    expect(["0.0.0.0", "::", "10.0.0.1", "example.org", "128.0.0.1"].filter(isLocal)).toEqual([]);
  });
});
