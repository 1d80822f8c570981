/**
 * Chargeback advices (0422, repeated as 0423) from the host, and their answers (0432). DE37 and DE41 name the disputed operation, DE90 its STAN,
 * DE48 has the case, the reason and the stage, and in the answer when it was booked.
 */
import type { DisputeNotice, TakenNotice } from '../../core/dispute/dispute.ts';
import { currencyByNumber } from '../../core/money/currency.ts';
import type { Iso8583Message } from '../../protocols/iso8583/codec.ts';
import { Iso8583Error } from '../../protocols/iso8583/error.ts';
import { DISPUTE_ELEMENTS, DISPUTE_STAGES } from '../../protocols/iso8583/layouts/host-link.ts';
import { firstOf, fullDateTime, parseOriginalData } from '../../protocols/iso8583/messages.ts';
import { packSubelements, unpackSubelements } from '../../protocols/iso8583/subelements.ts';
import type { RequestAnswer } from './link.ts';
import { routingNumberOf } from './trace-numbers.ts';

/** The notice in a message; `other`: it is about something else; `malformed`: it lacks what a dispute needs. */
export function readDispute(message: Iso8583Message): DisputeNotice | 'other' | 'malformed' {
  if (firstOf(message.mti) !== '0422') return 'other';
  try {
    return readNotice(message) ?? 'malformed';
  } catch (error) {
    if (error instanceof Iso8583Error) return 'malformed';
    throw error;
  }
}

function readNotice({ fields }: Iso8583Message): DisputeNotice | undefined {
  const { 4: amount, 37: rrn, 41: terminal, 48: details, 49: number, 90: original } = fields;
  const elements = unpackSubelements(details ?? '');
  const caseNumber = elements[DISPUTE_ELEMENTS.caseNumber]?.trim() || undefined;
  const schemeReason = elements[DISPUTE_ELEMENTS.reason]?.trim() || undefined;
  const stage = stageOf(elements[DISPUTE_ELEMENTS.stage]);
  const currency = currencyByNumber(number ?? '');
  if (rrn === undefined || terminal === undefined || caseNumber === undefined || stage === undefined || currency === undefined)
    return undefined;
  const minor = Number(amount);
  if (!Number.isSafeInteger(minor) || minor <= 0) return undefined;
  return {
    ...{ stage, caseNumber, amount: minor, currency },
    ...(schemeReason === undefined ? {} : { schemeReason }),
    original: {
      // No merchant has the number 0, so an RRN of somebody else's making finds nobody.
      ...{ routingNumber: routingNumberOf(rrn) ?? 0, rrn, terminal: terminal.trimEnd() },
      ...(original === undefined ? {} : { stan: parseOriginalData(original).stan }),
    },
  };
}

function stageOf(text: string | undefined): DisputeNotice['stage'] | undefined {
  if (text === DISPUTE_STAGES.chargeback) return 'chargeback';
  return text === DISPUTE_STAGES.reversed ? 'reversed' : undefined;
}

/**
 * What matches nothing is acknowledged as "no record of it", so that the host's people learn of it too. The time in the books (business time) is
 * told, so that both sides count it in the same batch.
 */
export function disputeAnswer(taken: TakenNotice): RequestAnswer {
  if (taken.outcome === 'unmatched') return { responseCode: '25' };
  return { responseCode: '00', fields: { 48: packSubelements({ [DISPUTE_ELEMENTS.bookedAt]: fullDateTime(taken.bookedAtMs) }) } };
}
