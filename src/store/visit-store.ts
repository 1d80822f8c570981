/** The core's `VisitStore` over PostgreSQL. */
import type { VisitStore } from '../core/three-d-secure/visit.ts';
import { createBatcher } from '../postgres/batcher.ts';
import type { Database } from '../postgres/connection.ts';
import { merchantOf } from './read-operations.ts';
import { findPrior, findVisit, findVisitByAuthentication } from './read-visits.ts';
import { type AwaitingToSubmit, submitAwaiting } from './submit-awaiting.ts';
import { classified, unlessReferenceTaken } from './submitting.ts';
import { reading } from './unavailable.ts';
import {
  addAuthentication,
  beginVisit,
  changeAuthentication,
  claimDueVisits,
  closeVisit,
  confirmVisit,
  nextVisitDueAtMs,
  noteLateResult,
  noteOfBrowser,
  restVisit,
  setWayBack,
} from './visits.ts';

/** `hot`: the pool of the payment path. */
export function createVisitStore({ hot, general }: { readonly hot: Database; readonly general: Database }): VisitStore {
  const submissions = createBatcher<AwaitingToSubmit, 'submitted' | 'guard_failed'>({
    run: (rows) => submitAwaiting(hot, rows),
    ...{ maxSize: 128, maxConcurrent: 1, laneOf: (row) => row.paymentId },
  });
  return {
    begin: (visit) => unlessReferenceTaken(visit.payment ?? {}, () => beginVisit(hot, visit)),
    find: (key) => reading(findVisit(hot, key)),
    findByAuthentication: (key) => reading(findVisitByAuthentication(hot, key)),
    findPrior: (key) => reading(findPrior(hot, key)),
    merchantOf: (routingNumber) => reading(merchantOf(general, routingNumber)),
    change: (step) => changeAuthentication(hot, step),
    confirm: (answer) => confirmVisit(hot, answer),
    setWayBack: (key, returnUrl) => setWayBack(hot, key, returnUrl),
    rest: (key) => restVisit(hot, key),
    note: (key) => noteOfBrowser(hot, key),
    noteLateResult: (key) => noteLateResult(hot, key),
    addAuthentication: (key, run) => addAuthentication(hot, key, run),
    submit: (row) => classified(() => submissions.submit(row)),
    close: (key) => closeVisit(hot, key),
    claimDue: (request) => claimDueVisits(general, request),
    nextDueAtMs: () => reading(nextVisitDueAtMs(general)),
  };
}
