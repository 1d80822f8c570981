/** Builds answers as frames of the link. */

import { randomBytes } from 'node:crypto';
import { type Iso8583Message, pack } from '../../src/protocols/iso8583/codec.ts';
import { frame } from '../../src/protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../../src/protocols/iso8583/layouts/host-link.ts';
import { amountDigits, responseOf } from '../../src/protocols/iso8583/messages.ts';
import { packAdditionalAmounts } from '../../src/protocols/iso8583/subelements.ts';

/** What an answer adds to the fields it echoes. Empty texts are left out. */
export interface AnswerData {
  /** DE39. */
  readonly code: string;
  /** DE38. */
  readonly approvalCode: string;
  /** DE62. */
  readonly schemeId: string;
  /** DE127. */
  readonly privateText: string;
  readonly more?: {
    /** Of a partial approval: the part. */
    readonly approvedMinor?: number;
    /** Of a reconciliation: the totals. Of an authorization: what was compared. */
    readonly fields?: Readonly<Record<number, string>>;
  };
}

// The card number (2) is never sent back.
const ECHOED = [3, 4, 7, 11, 12, 13, 15, 32, 37, 41, 42, 49, 50, 70];

/** The answer to a request, framed. */
export function answerFrame(request: Iso8583Message, { code, approvalCode, schemeId, privateText, more }: AnswerData): Buffer {
  const fields: Record<number, string> = {};
  for (const number of ECHOED) {
    const value = request.fields[number];
    if (value !== undefined) fields[number] = value;
  }
  fields[39] = code;
  if (approvalCode !== '') fields[38] = approvalCode;
  if (schemeId !== '') fields[62] = schemeId;
  if (privateText !== '') fields[127] = privateText;
  // DE4 is the part, DE54 what was asked for.
  if (more?.approvedMinor !== undefined) {
    const original = { accountType: '00', amountType: '57', currency: request.fields[49] ?? '', amountMinor: Number(request.fields[4]) };
    fields[4] = amountDigits(more.approvedMinor);
    fields[54] = packAdditionalAmounts([original]);
  }
  return frame(HOST_LINK_FRAMES, pack(HOST_LINK, { mti: responseOf(request.mti), fields: { ...fields, ...more?.fields } }));
}

/** The request as if it had another STAN: half the range away, where no message of the same moment is likely to be. */
export function withWrongStan(request: Iso8583Message): Iso8583Message {
  const stan = String((Number(request.fields[11]) + 500_000) % 1_000_000).padStart(6, '0');
  return { mti: request.mti, fields: { ...request.fields, 11: stan } };
}

const GARBAGE_BYTES = 40;

/** A well-framed body that no layout can read: its first byte is no digit. */
export function garbageFrame(): Buffer {
  const body = randomBytes(GARBAGE_BYTES);
  body[0] = 0xff;
  return frame(HOST_LINK_FRAMES, body);
}
