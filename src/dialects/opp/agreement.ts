/** Stored credentials: `standingInstruction.*`, and the older `recurringType`, as an agreement of the core. */
import { type AgreementRequest, isNetworkReference } from '../../core/instrument/agreement.ts';
import { fromWireId } from './ids.ts';
import { Problem, parameterProblem } from './problem.ts';
import type { Parameters } from './wire.ts';

const types = { RECURRING: 'recurring', INSTALLMENT: 'installment', UNSCHEDULED: 'unscheduled' } as const;
const schedules = { SUBSCRIPTION: 'subscription', STANDING_ORDER: 'standing_order' } as const;
const initiators = { CIT: 'customer', MIT: 'merchant' } as const;

/**
 * The agreement that the parameters name; nothing without a mode. Who starts the payment follows from the mode where it is not said. Core
 * looks at what must fit together; here is only what core does not know.
 */
export function readAgreement(parameters: Parameters): { readonly agreement?: AgreementRequest } {
  const { recurringType } = parameters;
  const mode = parameters['standingInstruction.mode'] ?? recurringType;
  if (mode === undefined) {
    if (Object.keys(parameters).some((name) => name.startsWith('standingInstruction.'))) throw new Problem('100.900.500');
    return {};
  }
  if (recurringType !== undefined && recurringType !== mode) throw new Problem('100.900.500');
  const type = readType(parameters);
  const source = parameters['standingInstruction.source'] ?? (mode === 'INITIAL' ? 'CIT' : 'MIT');
  const schedule = parameters['standingInstruction.recurringType'];
  if (schedule !== undefined && type !== 'recurring') throw new Problem('600.200.501');
  if (parameters['standingInstruction.numberOfInstallments'] !== undefined && type !== 'installment') throw new Problem('600.200.501');
  const initial = readInitial(parameters['standingInstruction.initialTransactionId']);
  if (initial !== undefined && mode === 'INITIAL') throw new Problem('600.200.501');
  return {
    agreement: {
      initiator: initiators[source as keyof typeof initiators],
      sequence: mode === 'INITIAL' ? 'initial' : 'subsequent',
      type,
      ...(schedule === undefined ? {} : { schedule: schedules[schedule as keyof typeof schedules] }),
      ...(initial === undefined ? {} : { initial }),
    },
  };
}

/** The older parameter alone speaks of recurring payments. */
function readType(parameters: Parameters): AgreementRequest['type'] {
  const type = parameters['standingInstruction.type'];
  if (type !== undefined) return types[type as keyof typeof types];
  return parameters['standingInstruction.mode'] === undefined ? 'recurring' : 'unscheduled';
}

/** The id of a payment here, or one that a scheme gave elsewhere; a card number is neither. */
function readInitial(id: string | undefined): AgreementRequest['initial'] {
  if (id === undefined) return undefined;
  const operationId = fromWireId(id);
  if (operationId !== undefined) return { operationId };
  if (isNetworkReference(id)) return { networkReference: id };
  const message = 'must be the id of the first payment, or the transaction id that the card scheme gave it';
  throw parameterProblem('standingInstruction.initialTransactionId', id, message);
}
