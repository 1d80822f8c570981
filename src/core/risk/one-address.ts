/** What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one of its addresses has them all (RFC 6177). */
import { isIPv4 } from 'node:net';

const mapped = '::ffff:';

/** For `127.0.0.1` the same, for `::ffff:127.0.0.1` as well; for `2001:db8::1` `2001:db8:0:0`. */
export function addressOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  if (ip.startsWith(mapped) && isIPv4(ip.slice(mapped.length))) return ip.slice(mapped.length);
  const [head = '', tail = ''] = ip.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  if (left.length >= 4) return left.slice(0, 4).join(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = ip.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0;
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':');
}
