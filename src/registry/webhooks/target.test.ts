import { describe, expect, test } from "vitest";
import { isPublicAddress } from "./public-address.ts";
import { checkTarget } from "./target.ts";

test.each([
  "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1",
  "192.88.99.1", "203.0.113.5", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
  "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
  "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "", "example.com", "1.2.3",
])("%s is not public", (address) => expect(isPublicAddress(address)).toBe(false));

test.each(["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "172.15.255.255", "193.0.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"])("%s is public", (address) =>
  expect(isPublicAddress(address)).toBe(true),
);

describe("a webhook's address", () => {
  test.each([
    ["https://example.com/hook", []],
    ["https://example.com:8443/hook?a=1", []],
    ["https://8.8.8.8/", []],
    ["https://[2606:4700::1111]/", []],
    ["http://localhost:3000/hook", ["localhost"]],
    ["https://10.1.2.3/", ["10.1.2.3"]],
    ["http://[::1]:1/", ["::1"]],
    ["http://a.b.corp.example/", ["*.corp.example"]],
    ["http://LOCALHOST./", ["localhost"]],
  ])("%s with %j is well", (url, allow) => expect(checkTarget(url, allow)).toBeInstanceOf(URL));

  test.each([
    ["", [], "cannot be empty"],
    [" \t", [], "cannot be empty"],
    ["hook", [], "Invalid webhook URL 'hook'"],
    ["http://[invalid", [], "Invalid webhook URL"],
    ["http://example.com/", [], "Invalid webhook URL scheme: 'http'. Allowed schemes are: https."],
    ["ftp://localhost/", ["localhost"], "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https, http."],
    ["file:///etc/passwd", [], "Invalid webhook URL scheme"],
    ["gopher://example.com:25/_MAIL", [], "Invalid webhook URL scheme"],
    ["https://user:pass@example.com/", [], "must not hold a user"],
    ["https://localhost/", [], "not public"],
    ["https://a.localhost/", [], "not public"],
    ["https://localhost./", [], "not public"],
    ["https://127.0.0.1/", [], "not public"],
    ["https://127.1/", [], "not public"],
    ["https://2130706433/", [], "not public"],
    ["https://0x7f.0.0.1/", [], "not public"],
    ["https://0177.0.0.1/", [], "not public"],
    ["https://①②⑦.0.0.1/", [], "not public"],
    ["https://0/", [], "not public"],
    ["https://[::ffff:169.254.169.254]/", [], "not public"],
    ["https://169.254.169.254/latest/meta-data", ["localhost"], "not public"],
    ["http://corp.example/", ["*.corp.example"], "scheme"],
    ["http://evilcorp.example/", ["*.corp.example"], "scheme"],
    ["http://localhost.evil.example/", ["localhost"], "scheme"],
    [`https://example.com/${"a".repeat(2048)}`, [], "2048"],
  ])("%s with %j is refused: %s", (url, allow, message) => expect(() => checkTarget(url, allow)).toThrow(message));
});
