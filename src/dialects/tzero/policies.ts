/** What an operator sets for a channel: where its shoppers go back to, and in which unit its amounts are. */

import { BlockList, isIP } from 'node:net';
import type { Channel } from '../../core/merchant/channel.ts';
import type { Dialect } from '../dialect.ts';

export interface Policies {
  /** Where the shopper goes in the end: `"returnUrl": "https://shop.example/done"`. */
  readonly returnUrl?: string;
  /** Origins that a request may name a `return_url` or a `callback_url` of its own at: `"allowedOrigins": ["https://shop.example"]`. */
  readonly allowedOrigins: readonly string[];
  /** Addresses and networks that requests may come from, all if there are none: `"allowedAddresses": ["203.0.113.7", "2001:db8::/32"]`. */
  readonly allowedAddresses: readonly string[];
  /** Amounts are in major units, with decimals: `"amountUnit": "major"`. */
  readonly amountsAreMajor: boolean;
}

/** What operators may set. */
export const policies: NonNullable<Dialect['policies']> = {
  returnUrl: { accepts: isWebAddress, expected: 'an http or https URL' },
  allowedOrigins: {
    accepts: (value) => Array.isArray(value) && value.length <= 50 && value.every(isWebAddress),
    expected: 'a list of at most 50 origins, as in https://shop.example',
  },
  allowedAddresses: {
    accepts: (value) => Array.isArray(value) && value.length <= 50 && value.every(isNetwork),
    expected: 'a list of at most 50 IP addresses and networks, as in 203.0.113.0/24',
  },
  amountUnit: { accepts: (value) => value === 'minor' || value === 'major', expected: 'minor or major' },
};

/** Policies are the operator's JSON: what has another form counts as absent. */
export function policiesOf({ policies: given }: Pick<Channel, 'policies'>): Policies {
  const { returnUrl, allowedOrigins, allowedAddresses, amountUnit } = given;
  return {
    ...(isWebAddress(returnUrl) ? { returnUrl } : {}),
    allowedOrigins: Array.isArray(allowedOrigins) ? allowedOrigins.filter(isWebAddress).map((url) => new URL(url).origin) : [],
    allowedAddresses: Array.isArray(allowedAddresses) ? allowedAddresses.filter(isNetwork) : [],
    amountsAreMajor: amountUnit === 'major',
  };
}

/** An IP address, alone or with the length of a prefix. */
function isNetwork(value: unknown): value is string {
  const [, address = '', length = '0'] = typeof value === 'string' ? (/^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? []) : [];
  const version = isIP(address);
  return version !== 0 && Number(length) <= (version === 4 ? 32 : 128);
}

/** Whether the channel takes requests from this address. A restriction that cannot be read lets nobody in. */
export function takesFrom(channel: Pick<Channel, 'policies'>, address: string): boolean {
  const { allowedAddresses } = policiesOf(channel);
  if (allowedAddresses.length === 0) return channel.policies.allowedAddresses === undefined;
  const list = new BlockList();
  for (const network of allowedAddresses) {
    const [from = '', length] = network.split('/');
    const family = isIP(from) === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) list.addAddress(from, family);
    else list.addSubnet(from, Number(length), family);
  }
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
}

export function isWebAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2_048 && /^https?:\/\//i.test(value) && URL.canParse(value);
}
