import { BlockList, isIPv4, isIPv6 } from "node:net";

/** IPv4 addresses that are nobody's on the internet (IANA's registry of special-purpose addresses, RFC 6890), and Azure's metadata address, which looks public. */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24], ["192.0.2.0", 24],
  ["192.88.99.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 4], ["240.0.0.0", 4], ["168.63.129.16", 32],
] as const) notPublic.addSubnet(network, prefix, "ipv4");

/** Of IPv6 only what is handed out (2000::/3) is public: so neither `::1` nor addresses that hold an IPv4 one (mapped, NAT64) are; within it, what tunnels or documents is not. */
const handedOut = new BlockList();
handedOut.addSubnet("2000::", 3, "ipv6");
for (const [network, prefix] of [["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["3fff::", 20]] as const) notPublic.addSubnet(network, prefix, "ipv6");

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !notPublic.check(address, "ipv4");
  if (!isIPv6(address) || address.includes("%")) return false;
  return handedOut.check(address, "ipv6") && !notPublic.check(address, "ipv6");
}
