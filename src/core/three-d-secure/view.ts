/** What merchants may see of an authentication, beside its payment. */
import type { Engine } from '../payment/engine.ts';
import type { OperationView } from '../payment/operation.ts';
import type { Authentication, AuthenticationView } from './authentication.ts';

export function viewOfRun(run: Authentication): AuthenticationView {
  const { state, version, transStatus, reason, eci, dsTransactionId, acsTransactionId, acsUrl, shiftsLiability } = run;
  return {
    ...{ state, version, shiftsLiability },
    ...(transStatus === undefined ? {} : { transStatus }),
    ...(reason === undefined ? {} : { reason }),
    ...(eci === undefined ? {} : { eci }),
    ...(dsTransactionId === undefined ? {} : { dsTransactionId }),
    ...(acsTransactionId === undefined ? {} : { acsTransactionId }),
    ...(acsUrl === undefined ? {} : { acsUrl }),
  };
}

/** The operation with what came of 3-D Secure, if there was any: one more look at the database, so only where somebody asks. */
export async function withAuthentication({ shoppers }: Engine, operation: OperationView): Promise<OperationView> {
  if (operation.targetId !== undefined || operation.authentication !== undefined) return operation;
  const visit = await shoppers.visits.find({ merchantId: operation.merchantId, visitId: operation.operationId });
  return visit === undefined ? operation : { ...operation, authentication: viewOfRun(visit.authentication) };
}
