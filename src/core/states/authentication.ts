/**
 * The life of one run of 3-D Secure (EMV 3-D Secure 2.2, browser channel). Final states never change: a result that comes later is noted beside
 * them. Only the issuer's ARes or RReq leads to a result, never what the shopper's browser brings.
 */
import { transitionTable } from './transition.ts';

/**
 * - `not_enrolled`: the card takes part in no 3-D Secure; nobody will be asked.
 * - `ready`: nobody has been asked yet.
 * - `method`: the issuer's own page has to run in the shopper's browser first (3DS Method).
 * - `asked`: the directory server is being asked.
 * - `challenged`: the issuer wants to ask the shopper; its result is awaited.
 * - `authenticated` (Y), `attempted` (A), `informed` (I), `failed` (N), `forbidden` (R), `unavailable` (U, or nobody could be asked): results.
 * - `expired`: no result in time.
 */
export type AuthenticationState =
  | 'not_enrolled'
  | 'ready'
  | 'method'
  | 'asked'
  | 'challenged'
  | 'authenticated'
  | 'attempted'
  | 'informed'
  | 'failed'
  | 'forbidden'
  | 'unavailable'
  | 'expired';

export type AuthenticationEvent = 'ask' | 'challenge' | 'authenticate' | 'attempt' | 'inform' | 'fail' | 'forbid' | 'give_up' | 'expire';

export const authenticationTransitions = transitionTable<AuthenticationState, AuthenticationEvent>('authentication', [
  ['ready', 'ask', 'asked'],
  ['ready', 'give_up', 'unavailable'],
  ['ready', 'expire', 'expired'],
  ['method', 'ask', 'asked'],
  ['method', 'expire', 'expired'],
  ['method', 'fail', 'failed'],
  ['asked', 'challenge', 'challenged'],
  ['asked', 'authenticate', 'authenticated'],
  ['asked', 'attempt', 'attempted'],
  ['asked', 'inform', 'informed'],
  ['asked', 'fail', 'failed'],
  ['asked', 'forbid', 'forbidden'],
  ['asked', 'give_up', 'unavailable'],
  ['asked', 'expire', 'expired'],
  ['challenged', 'authenticate', 'authenticated'],
  ['challenged', 'attempt', 'attempted'],
  ['challenged', 'fail', 'failed'],
  ['challenged', 'forbid', 'forbidden'],
  ['challenged', 'give_up', 'unavailable'],
  ['challenged', 'expire', 'expired'],
]);

const openStates: readonly AuthenticationState[] = ['ready', 'method', 'asked', 'challenged'];

/** Whether it still waits for something. */
export function isOpen(state: AuthenticationState): boolean {
  return openStates.includes(state);
}
