/** The protocols that the shop can be paid through. */
import type { Gateway } from './gateway.ts';
import { opp } from './opp.ts';
import { paymentz } from './paymentz.ts';
import { payone } from './payone.ts';
import { qorepay } from './qorepay.ts';
import { tzero } from './tzero.ts';

/** `gatewayUrl`: scheme, host and port, without a slash at the end. */
export function createGateways(gatewayUrl: string): readonly Gateway[] {
  return [opp, qorepay, payone, tzero, paymentz].map((make) => make(gatewayUrl));
}
