/** The message that compares a batch with the host (0500), and what its answer (0510) says. */
import { currencyOf } from '../../core/money/currency.ts';
import type { ReconciliationAnswer, ReconciliationRequest } from '../../core/ports/acquirer.ts';
import type { Iso8583Message } from '../../protocols/iso8583/codec.ts';
import { Iso8583Error } from '../../protocols/iso8583/error.ts';
import { localDate, localTime, transmissionDateTime } from '../../protocols/iso8583/messages.ts';
import { readReconciliation, reconciliationFields, SETTLEMENT_CODES } from '../../protocols/iso8583/reconciliation.ts';
import type { MessageParty } from './messages.ts';

export function reconciliationMessage(request: ReconciliationRequest, { account, institutionId }: MessageParty): Iso8583Message {
  const { trace, currency, cutOffAtMs, totals } = request;
  return {
    mti: trace.mti,
    fields: {
      ...reconciliationFields(totals, cutOffAtMs),
      7: transmissionDateTime(trace.transmittedAtMs),
      11: trace.stan,
      12: localTime(trace.transmittedAtMs),
      13: localDate(trace.transmittedAtMs),
      15: localDate(cutOffAtMs),
      32: institutionId,
      37: trace.rrn,
      41: trace.terminal.padEnd(8),
      42: account.merchantIdentifier.padEnd(15),
      50: currencyOf(currency)?.numeric ?? '000',
    },
  };
}

/** Only totals are an answer: a host that has an error of its own (66 is 3), or refuses, is asked again. */
export function readReconciliationAnswer({ fields }: Iso8583Message): ReconciliationAnswer {
  const { 39: responseCode = '', 66: settlementCode } = fields;
  if (responseCode !== '00' || settlementCode === SETTLEMENT_CODES.error) {
    return { outcome: 'unknown', cause: `the host answered ${responseCode}, settlement code ${settlementCode ?? 'none'}` };
  }
  try {
    return { outcome: 'answered', totals: readReconciliation(fields) };
  } catch (error) {
    if (error instanceof Iso8583Error) return { outcome: 'unknown', cause: error.message };
    throw error;
  }
}
