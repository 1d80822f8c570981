/**
 * How a checkout is opened, and found by what names it outside: a token that is told to the merchant alone, whose hash is kept. Under a key of the
 * merchant's the token follows from the key, so that a repeat is told of the same checkout; keys of checkouts are apart from those of payments.
 */
import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';
import type { Channel } from '../merchant/channel.ts';
import { type Refused, refusal } from '../refusals.ts';
import { readTicket } from '../three-d-secure/tickets.ts';
import { refuseTerms } from './authorize-command.ts';
import type { Checkout, CheckoutTerms } from './checkout-terms.ts';
import type { Engine } from './engine.ts';
import { inputHash, sameInput } from './idempotency.ts';

const usualLifeMs = 30 * 60_000;

/** What a request may name a checkout by: the merchant's routing number (four digits of base 36) and 128 bits as 32 hex digits that nobody can guess. */
const tokenForm = /^([0-9a-z]{4})([0-9a-f]{32})$/;

export interface Opening {
  /** The token is told once; addresses among the terms may contain it. */
  readonly termsOf: (token: string) => CheckoutTerms;
  readonly lifetimeMs?: number;
}

export type Opened = Refused | { readonly kind: 'opened'; readonly token: string };

/** Opens a checkout. */
export function openCheckout(engine: Engine, channel: Channel, opening: Opening): Promise<Opened> {
  return openWith(engine, channel, opening, randomBytes(16).toString('hex'));
}

/**
 * Opens it once under a key, for as long as the checkout is kept: a repeat is told of it however it stands by now. `input`: all that was asked for; the
 * same key with another input is refused.
 */
export async function openCheckoutOnce(
  engine: Engine,
  channel: Channel,
  opening: Opening,
  { key, input }: { readonly key: string; readonly input: Readonly<Record<string, unknown>> },
): Promise<Opened & { readonly repeat: boolean }> {
  const { merchantId, channelId, routingNumber } = channel;
  const secret = Buffer.from(engine.inputMac(`checkout|${merchantId}|${channelId}|${key}`))
    .toString('hex')
    .slice(0, 32);
  const asked = Buffer.from(await inputHash(engine, merchantId, undefined, input));
  const before = async (): Promise<(Opened & { readonly repeat: true }) | undefined> => {
    const found = await engine.checkouts.find({ routingNumber, secretHash: hashOf(secret) });
    if (found === undefined) return undefined;
    const isSame = sameInput({ inputHash: Buffer.from(found.terms.openedWith ?? '', 'hex') }, { inputHash: asked });
    if (!isSame) return { kind: 'refused', refusal: refusal('key_reused', 'idempotencyKey'), repeat: true };
    return { kind: 'opened', token: tokenWith(channel, secret), repeat: true };
  };
  const repeated = await before();
  if (repeated !== undefined) return repeated;
  const termsOf = (token: string) => ({ ...opening.termsOf(token), openedWith: asked.toString('hex') });
  try {
    return { ...(await openWith(engine, channel, { ...opening, termsOf }, secret)), repeat: false };
  } catch (error) {
    // Another request of the same moment was faster.
    const faster = await before();
    if (faster === undefined) throw error;
    return faster;
  }
}

function tokenWith({ routingNumber }: Channel, secret: string): string {
  return `${routingNumber.toString(36).padStart(4, '0')}${secret}`;
}

async function openWith(engine: Engine, channel: Channel, { termsOf, lifetimeMs = usualLifeMs }: Opening, secret: string): Promise<Opened> {
  const token = tokenWith(channel, secret);
  const terms = termsOf(token);
  const refused = terms.keepsCardOnly === true ? undefined : refuseTerms({ channel, ...terms.order });
  if (refused !== undefined) return { kind: 'refused', refusal: refused };
  const createdAtMs = engine.clock.businessNow();
  await engine.checkouts.create({
    ...{ merchantId: channel.merchantId, channelId: channel.channelId, checkoutId: randomUUIDv7() },
    ...{ secretHash: hashOf(secret), terms, createdAtMs, expiresAtMs: createdAtMs + lifetimeMs },
  });
  return { kind: 'opened', token };
}

/** The checkout with this token; undefined when there is none. */
export async function findCheckout(engine: Engine, token: string): Promise<Checkout | undefined> {
  const [, routing, secret] = tokenForm.exec(token) ?? [];
  if (routing === undefined || secret === undefined) return findByTicket(engine, token);
  return engine.checkouts.find({ routingNumber: Number.parseInt(routing, 36), secretHash: hashOf(secret) });
}

/** An order's page has a ticket for its address. */
async function findByTicket({ shoppers, checkouts }: Engine, text: string): Promise<Checkout | undefined> {
  const ticket = readTicket(shoppers, text);
  if (ticket?.purpose !== 'order') return undefined;
  const merchantId = await shoppers.visits.merchantOf(ticket.routingNumber);
  return merchantId === undefined ? undefined : checkouts.findById({ merchantId, checkoutId: ticket.id });
}

function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
