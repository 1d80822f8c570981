/**
 * Addresses for those who come without credentials: the shopper's browser, the issuer's page, the directory server. A ticket carries the
 * merchant's routing number, what it is for, the id it is about, and 192 bits that only this gateway can make. They are derived from a
 * key instead of being stored: no database holds them, and a repeated request can be answered with the same address.
 */
import { timingSafeEqual } from 'node:crypto';
import { uuidOf } from '../made-uuid.ts';
import type { Shoppers } from './shoppers.ts';

/** `page`: of a visit. `bank`: of a payment at a bank. `order`: of an order that a shopper may pay. The others of a run: where the issuer's page reports, where the issuer sends the browser, where the result goes. */
export type TicketPurpose = 'page' | 'bank' | 'order' | 'method' | 'challenge' | 'result';

export interface Ticket {
  readonly purpose: TicketPurpose;
  readonly routingNumber: number;
  /** UUID of the visit, or of the run. */
  readonly id: string;
}

const letters: Readonly<Record<TicketPurpose, string>> = { page: 'p', bank: 'b', order: 'o', method: 'm', challenge: 'c', result: 'r' };
const secretBytes = 24;

export function writeTicket({ ticketMac }: Pick<Shoppers, 'ticketMac'>, ticket: Ticket): string {
  const id = Buffer.from(ticket.id.replaceAll('-', ''), 'hex').toString('base64url');
  const secret = Buffer.from(secretOf(ticketMac, ticket)).toString('base64url');
  return `${letters[ticket.purpose]}${ticket.routingNumber.toString(36)}.${id}.${secret}`;
}

/** Undefined for whatever this gateway has not made. */
export function readTicket({ ticketMac }: Pick<Shoppers, 'ticketMac'>, text: string): Ticket | undefined {
  const [, letter, routing = '', idText = '', secret = ''] = /^([pbomcr])([0-9a-z]{1,4})\.([\w-]{22})\.([\w-]{32})$/.exec(text) ?? [];
  const purpose = (Object.keys(letters) as TicketPurpose[]).find((name) => letters[name] === letter);
  const hex = Buffer.from(idText, 'base64url').toString('hex');
  if (purpose === undefined || hex.length !== 32) return undefined;
  const ticket: Ticket = { purpose, routingNumber: Number.parseInt(routing, 36), id: uuidOf(hex) };
  return timingSafeEqual(Buffer.from(secret, 'base64url'), secretOf(ticketMac, ticket)) ? ticket : undefined;
}

function secretOf(ticketMac: Shoppers['ticketMac'], { purpose, routingNumber, id }: Ticket): Uint8Array {
  return ticketMac(`${purpose}|${routingNumber}|${id}`).subarray(0, secretBytes);
}

/** The page of a visit, or of a payment at a bank. */
export function pageUrl(
  shoppers: Pick<Shoppers, 'ticketMac' | 'publicUrl'>,
  ticket: Omit<Ticket, 'purpose'>,
  purpose: 'page' | 'bank' = 'page',
): string {
  return `${shoppers.publicUrl}/p/${writeTicket(shoppers, { ...ticket, purpose })}`;
}

/** The hosted page of an order. */
export function orderPageUrl(shoppers: Pick<Shoppers, 'ticketMac' | 'publicUrl'>, ticket: Omit<Ticket, 'purpose'>): string {
  return `${shoppers.publicUrl}/pay/${writeTicket(shoppers, { ...ticket, purpose: 'order' })}`;
}

/** The addresses of a run: where the browser comes back to, and where the directory server brings the result. */
export function returnUrls(shoppers: Shoppers, run: Omit<Ticket, 'purpose'>): Readonly<Record<'method' | 'challenge' | 'result', string>> {
  const of = (purpose: TicketPurpose): string => writeTicket(shoppers, { ...run, purpose });
  const { publicUrl } = shoppers;
  return {
    method: `${publicUrl}/p/${of('method')}`,
    challenge: `${publicUrl}/p/${of('challenge')}`,
    result: `${publicUrl}/three-ds/results/${of('result')}`,
  };
}
