/**
 * Which addresses a URL of somebody else may lead to. Everything that is not plain public unicast is special: loopback, private networks, link
 * local (where clouds keep credentials), documentation, benchmarks, multicast, and the IPv6 forms that carry an IPv4 address inside. Sources:
 * the IANA registries of special-purpose addresses (RFC 6890 and its updates), by prefix.
 */
import { BlockList, isIP } from 'node:net';

const specialIpv4 = [
  '0.0.0.0/8', // this network, RFC 791
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // behind carriers, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122
  '169.254.0.0/16', // link local, RFC 3927
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // AMT, RFC 7450
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, RFC 1112, and broadcast
];

/** Outside 2000::/3 nothing is global unicast: `::1`, `::ffff:a.b.c.d`, `64:ff9b::/96`, `fc00::/7`, `fe80::/10` and `ff00::/8` are all there. */
const globalIpv6 = ['2000::/3'];
const specialIpv6 = [
  '2001::/23', // protocol assignments with Teredo, RFC 2928 and 4380
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4: an IPv4 address inside, RFC 3056
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
];

const [special4, global6, special6] = [listOf(specialIpv4), listOf(globalIpv6), listOf(specialIpv6)];

/** Ranges as `a.b.c.d/n` or `a::b/n`; an address alone is a range of one. */
export function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    const family = isIP(network);
    if (family === 0) throw new TypeError(`not a range of addresses: ${range}`);
    list.addSubnet(network, bits === undefined ? (family === 4 ? 32 : 128) : Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

export function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Whether an address is public unicast; false for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !contains(special4, address);
    case 6:
      return contains(global6, address) && !contains(special6, address);
    default:
      return false;
  }
}
