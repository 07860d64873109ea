/**
 * Which addresses count as one peer.
 *
 * @module
 */

/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8;

/** Groups of the part that names a network: an IPv6 host owns the rest of its /64 (RFC 4291). */
const NETWORK_GROUPS = 4;

/** The address itself for IPv4, also where it is written as IPv6; the /64 of an IPv6 address. */
export function addressGroup(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length);
  const groups = [...before, ...new Array<string>(zeros).fill("0"), ...after];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}
