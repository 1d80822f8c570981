/** HTTP requests built ahead: one template per merchant and act, into which each request only patches what differs. */
import { panLength, writeDigits } from './cards.ts';

/** What a request does; `token` is a debit of a stored card, `register` a debit that stores one. */
export type Act = 'debit' | 'preauthorization' | 'token' | 'register' | 'capture' | 'refund';

export interface MerchantAccess {
  readonly entityId: string;
  /** The value after `Bearer `. */
  readonly bearerToken: string;
}

/** Where in `bytes` the parts are that each request has of its own; -1 for a part that this act does not have. */
export interface Template {
  readonly bytes: Buffer;
  /** 32 hex characters in the path: the operation acted upon, or the token. */
  readonly idAt: number;
  readonly amountAt: number;
  readonly panAt: number;
  readonly referenceAt: number;
}

export interface TemplateOptions {
  readonly act: Act;
  readonly merchant: MerchantAccess;
  readonly port: number;
  /** Of the merchant's references, so that those of two runs on one database differ: letters and digits. */
  readonly run: string;
}

const idPlace = 'i'.repeat(32);
/** Six characters: all amounts lie between 100.00 and 999.99, so that the length of a request never changes. */
const amountPlace = '000.00';
const panPlace = '0'.repeat(panLength);
export const referenceDigits = 9;

/** The path of an act, with the place of the id where there is one. */
function pathOf(act: Act): string {
  switch (act) {
    case 'debit':
    case 'preauthorization':
    case 'register':
      return '/v1/payments';
    case 'token':
      return `/v1/registrations/${idPlace}/payments`;
    case 'capture':
    case 'refund':
      return `/v1/payments/${idPlace}`;
  }
}

const paymentTypes: Readonly<Record<Act, string>> = {
  debit: 'DB',
  preauthorization: 'PA',
  token: 'DB',
  register: 'DB',
  capture: 'CP',
  refund: 'RF',
};

/** Builds the template of one act of one merchant. */
export function buildTemplate({ act, merchant, port, run }: TemplateOptions): Template {
  const hasCard = act === 'debit' || act === 'preauthorization' || act === 'register';
  const parts = [
    `entityId=${merchant.entityId}`,
    `paymentType=${paymentTypes[act]}`,
    `amount=${amountPlace}`,
    'currency=EUR',
    ...(hasCard
      ? [`card.number=${panPlace}`, 'card.holder=Ada+Example', 'card.expiryMonth=12', 'card.expiryYear=2034', 'card.cvv=123']
      : []),
    ...(act === 'register' ? ['createRegistration=true'] : []),
    `merchantTransactionId=${run}-${'0'.repeat(referenceDigits)}`,
  ];
  const body = parts.join('&');
  const path = pathOf(act);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${merchant.bearerToken}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  const after = (label: string): number => {
    const at = bytes.indexOf(label);
    return at < 0 ? -1 : at + label.length;
  };
  return {
    bytes,
    idAt: bytes.indexOf(idPlace),
    amountAt: after('&amount='),
    panAt: after('card.number='),
    referenceAt: after(`merchantTransactionId=${run}-`),
  };
}

/** Writes an amount (minor units, 10000 to 99999) as `123.45`. */
export function writeAmount(target: Uint8Array, offset: number, amountMinor: number): void {
  writeDigits(target, offset, { value: Math.floor(amountMinor / 100), width: 3 });
  writeDigits(target, offset + 4, { value: amountMinor % 100, width: 2 });
}
