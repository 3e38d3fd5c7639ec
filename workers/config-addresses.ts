/** How addresses are written in the configuration. */
import { isIP } from 'node:net';

/** What proxies may be named by: an address, a network, or one of the names that Fastify knows. */
export function isProxy(one: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(one)) return true;
  const [address = '', bits, ...more] = one.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

export function isHostAndPort(address: string): boolean {
  const [, portText] = /^(?:[^\s/:@]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(address) ?? [];
  return portText !== undefined && Number(portText) >= 1 && Number(portText) <= 65_535;
}
