/**
 * Which addresses only this machine can reach.
 *
 * @module
 */

const LOOPBACK_V4 = /^127(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const LOOPBACK_V6 = /^(?:::1|(?:0{1,4}:){7}0{0,3}1)$/;
const MAPPED_V4 = /^::ffff:(.+)$/;

/**
 * Whether a listener bound to `host` can be reached from this machine alone: `localhost`,
 * 127.0.0.0/8, `::1` in any spelling, with or without brackets.
 *
 * Other names are never loopback, whatever they resolve to: a resolver may change its mind.
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (bare === "localhost" || LOOPBACK_V6.test(bare)) return true;
  const address = MAPPED_V4.exec(bare)?.[1] ?? bare;
  return LOOPBACK_V4.test(address) && address.split(".").every((octet) => Number(octet) <= 255);
}
