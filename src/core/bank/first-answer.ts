/** What a bank answers to what was just ordered there, a payment or a transfer. */
import { conclude } from '../payment/conclude.ts';
import type { Engine } from '../payment/engine.ts';
import type { OperationView } from '../payment/operation.ts';
import type { AcquirerAnswer } from '../ports/acquirer.ts';
import type { BankAnswer } from './bank.ts';
import { takeBankReport } from './take-report.ts';

/** Records it, and returns the operation as it then is; one that could not be recorded yet is asked for again. */
export async function takeFirstAnswer(engine: Engine, view: OperationView, answer: BankAnswer): Promise<OperationView> {
  const { merchantId, operationId, kind } = view;
  if (answer.outcome !== 'report') return conclude(engine, { view }, withoutReport(answer));
  try {
    await takeBankReport(engine, view, answer.report);
    return (await engine.store.findOperation({ merchantId, operationId })) ?? view;
  } catch (error) {
    engine.log.error({ operationId, kind, error: String(error) }, 'a bank has taken up an order, and that could not be recorded yet');
    return view;
  }
}

/** A bank that could not be reached has not heard of it: it has failed. Whatever else is not answered is asked for again. */
function withoutReport(answer: Exclude<BankAnswer, { readonly outcome: 'report' }>): AcquirerAnswer {
  switch (answer.outcome) {
    case 'not_found':
      return { outcome: 'unknown', cause: 'the bank does not know what it was just told' };
    case 'refused':
      return { outcome: 'declined', responseCode: 'refused', reason: 'unspecified' };
    case 'not_sent':
    case 'unknown':
      return answer;
  }
}
