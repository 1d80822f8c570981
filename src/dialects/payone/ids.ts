/** Names on the wire: `3000000001_0` is a payment, `3000000001_2` its third operation; tokens are GUIDs. */
import { uuidOf } from '../../core/made-uuid.ts';
import { firstOf, type PaymentTree } from './tree.ts';

export interface WireId {
  readonly paymentNumber: number;
  /** Of the operation within its payment. */
  readonly index: number;
}

/** A bare number means the payment itself. Undefined when it is no id of ours. */
export function fromWireId(text: string): WireId | undefined {
  const [, paymentNumber, index = '0'] = /^(\d{1,15})(?:_(\d{1,6}))?$/.exec(text) ?? [];
  return paymentNumber === undefined ? undefined : { paymentNumber: Number(paymentNumber), index: Number(index) };
}

/** The number under which the merchant knows the payment; those of other times or platforms have none. */
export function numberOf(tree: PaymentTree): string {
  return firstOf(tree).dialectData.paymentNumber ?? '0';
}

export function toWireId(tree: PaymentTree, index: number): string {
  return `${numberOf(tree)}_${index}`;
}

/** 32 hex characters → a GUID with hyphens. */
export const toGuid = uuidOf;

/** A GUID that nobody can guess and that is always the same for the same `mac`, of 16 bytes or more. */
export function guidOf(mac: Uint8Array): string {
  return toGuid(Buffer.from(mac.subarray(0, 16)).toString('hex'));
}

/** A GUID, with hyphens or without, in any case → 32 lower-case hex characters; undefined for whatever else. */
export function fromGuid(text: string): string | undefined {
  const hex = text.replaceAll('-', '').toLowerCase();
  return /^[\da-f]{32}$/.test(hex) ? hex : undefined;
}
