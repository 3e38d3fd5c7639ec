/** Whether a host of a URL is somewhere in the internet, as far as its name tells: no question is asked. */
import { BlockList, isIP } from 'node:net';

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  // Each of them is an IPv4 address behind a translator.
  ['64:ff9b::', 96],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv6');

/** Names that are kept for networks of one's own (RFC 6761, RFC 6762, RFC 8375 and ICANN's .internal). */
const OWN_NAMES = /(^|\.)(localhost|local|internal|test|invalid|example|home\.arpa)$/;

/** `hostname` as `URL` gives it: lower case, IPv6 in brackets. A name without a dot is one of a network of one's own. */
export function isPublicHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const family = isIP(bare);
  if (family !== 0) return !PRIVATE.check(bare, family === 4 ? 'ipv4' : 'ipv6');
  return bare.includes('.') && !OWN_NAMES.test(bare);
}
