/** The protocols that the shop can be paid through. */
import type { Gateway } from './gateway.ts';
import { opp } from './opp.ts';

/** `gatewayUrl`: scheme, host and port, without a slash at the end. */
export function createGateways(gatewayUrl: string): readonly Gateway[] {
  return [opp(gatewayUrl)];
}
