/**
 * What keeps the card of a new payment from being sent: somebody tries out cards, its holder has not authenticated, or the merchant's rules are against it.
 * A card that is kept back bears the reason, and is recorded with it.
 */
import type { CardTesting } from '../risk/card-testing.ts';
import { reviewsChecks } from '../risk/judge-checks.ts';
import { type RiskVerdict, screen } from '../risk/screen.ts';
import { refusedBy } from '../three-d-secure/external.ts';
import type { AuthorizeCommand } from './authorize-command.ts';
import type { Engine } from './engine.ts';
import type { PaymentCard } from './submit.ts';

type Suspicion = ReturnType<CardTesting['suspects']>;

/** Whether the card is one of many that somebody tries out. A stored card was good once; a payout is for nobody who steals cards. */
export function suspicionOf(
  cardTesting: CardTesting,
  { channel, kind, instrument, agreement, shopper, origin }: AuthorizeCommand,
): Suspicion {
  if (instrument.type !== 'card' || kind === 'payout' || agreement?.initiator === 'merchant') return undefined;
  const ip = origin?.ip ?? shopper?.browser.ip;
  const email = origin?.email ?? shopper?.email;
  return cardTesting.suspects({ merchantId: channel.merchantId, ip, email, pan: instrument.pan });
}

/** Nothing is sent unless the issuer has authenticated the shopper. */
export function withAuthentication(command: AuthorizeCommand): AuthorizeCommand {
  return command.shopper === undefined ? command : { ...command, shopper: { ...command.shopper, mustAuthenticate: true } };
}

export function suspected(card: PaymentCard, { shopper, authentication }: AuthorizeCommand, suspicion: Suspicion): PaymentCard {
  const isRefused = suspicion === 'refuse' || (suspicion === 'authenticate' && shopper === undefined && authentication === undefined);
  return isRefused && card.rejection === undefined ? { ...card, rejection: 'card_testing' } : card;
}

/** A card whose holder did not authenticate, by the merchant's own server, is not sent. */
export function judged(card: PaymentCard, { authentication, channel }: AuthorizeCommand): PaymentCard {
  const reason = authentication === undefined ? undefined : refusedBy(authentication, channel);
  return reason === undefined || card.rejection !== undefined ? card : { ...card, rejection: reason };
}

/** Before any authentication. A merchant without rules pays nothing for it. */
export async function screened(engine: Engine, card: PaymentCard, command: AuthorizeCommand): Promise<RiskVerdict | undefined> {
  const { channel, kind, shopper, idempotencyKey } = command;
  if (channel.riskRules === undefined || card.rejection !== undefined) return undefined;
  const { ip = shopper?.browser.ip, email = shopper?.email, country } = command.origin ?? {};
  const origin = { ip, email, country };
  return screen(engine, { channel, kind, origin, card, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
}

/** Whether there will be something that its rules may want an operator to look at: who is not asked about an address or a code tells nothing of them. */
export function waitsForChecks({ cvc }: PaymentCard, { channel, kind, agreement, origin }: AuthorizeCommand): boolean {
  if (kind === 'payout' || !reviewsChecks(channel.riskRules)) return false;
  return origin?.address !== undefined || (cvc !== undefined && agreement?.initiator !== 'merchant');
}

/** A card that takes part in no 3-D Secure, of a merchant who wants no payment without it. */
export function unlessAuthenticated(card: PaymentCard, { shopper }: AuthorizeCommand): PaymentCard {
  return shopper?.mustAuthenticate === true && card.rejection === undefined ? { ...card, rejection: 'authentication_unavailable' } : card;
}
