/** `payment_data` as an agreement of the core: who starts the payment, and under which earlier one. */
import { type AgreementRequest, isNetworkReference } from '../../core/instrument/agreement.ts';
import { fromWireId } from './ids.ts';
import { fieldProblem } from './problem.ts';
import type { subTypes } from './wire.ts';

export interface PaymentData {
  readonly payment_type?: string;
  readonly payment_sub_type?: string;
  readonly credential_on_file?: boolean;
  readonly industry_usage?: string;
  readonly previous_network_reference?: string;
  readonly previous_payment_id?: string;
}

type SubType = (typeof subTypes)[number];

/** Who may start it, what it is in the core's words; a one-off makes and needs no agreement. */
const meanings: Readonly<Record<SubType, { readonly by: 'cit' | 'mit'; readonly use?: Pick<AgreementRequest, 'sequence' | 'type'> }>> = {
  'one-off': { by: 'cit' },
  'recurring-initial': { by: 'cit', use: { sequence: 'initial', type: 'recurring' } },
  'recurring-subsequent': { by: 'mit', use: { sequence: 'subsequent', type: 'recurring' } },
  'installment-initial': { by: 'cit', use: { sequence: 'initial', type: 'installment' } },
  'installment-subsequent': { by: 'mit', use: { sequence: 'subsequent', type: 'installment' } },
  'unscheduled-initial': { by: 'cit', use: { sequence: 'initial', type: 'unscheduled' } },
  'unscheduled-subsequent': { by: 'mit', use: { sequence: 'subsequent', type: 'unscheduled' } },
  'cof-initial': { by: 'cit', use: { sequence: 'initial', type: 'unscheduled' } },
  'cof-subsequent': { by: 'cit', use: { sequence: 'subsequent', type: 'unscheduled' } },
};

export interface Initiation {
  readonly isByMerchant: boolean;
  readonly agreement?: AgreementRequest;
}

/** Throws 422 where the parts contradict each other, or a payment of the merchant names no earlier one. */
export function readInitiation(data: PaymentData = {}): Initiation {
  const type = data.payment_type ?? 'cit';
  const subType = (data.payment_sub_type ?? (type === 'mit' ? 'unscheduled-subsequent' : 'one-off')) as SubType;
  const { by, use } = meanings[subType];
  if (by !== type) throw fieldProblem('payment_data.payment_sub_type', `belongs to payments of type ${by}`);
  if (use === undefined) return { isByMerchant: false };
  const isInitial = use.sequence === 'initial';
  if (isInitial && data.credential_on_file === false) {
    throw fieldProblem('payment_data.credential_on_file', 'must be true where an agreement is made');
  }
  const initial = isInitial ? undefined : readPrevious(data);
  const isByMerchant = type === 'mit';
  if (isByMerchant && initial === undefined) {
    throw fieldProblem('payment_data.previous_network_reference', 'is required, or previous_payment_id, where you start the payment');
  }
  return {
    isByMerchant,
    agreement: { ...use, initiator: isByMerchant ? 'merchant' : 'customer', ...(initial === undefined ? {} : { initial }) },
  };
}

/** Our own id says more than the scheme's. */
function readPrevious(data: PaymentData): AgreementRequest['initial'] {
  const { previous_payment_id: id, previous_network_reference: networkReference } = data;
  if (id !== undefined) {
    const operationId = fromWireId('pay', id);
    if (operationId === undefined) throw fieldProblem('payment_data.previous_payment_id', 'must be an id that begins with pay_');
    return { operationId };
  }
  if (networkReference === undefined) return undefined;
  if (!isNetworkReference(networkReference)) {
    throw fieldProblem('payment_data.previous_network_reference', 'must be 4 to 36 letters and digits, and no card number');
  }
  return { networkReference };
}
