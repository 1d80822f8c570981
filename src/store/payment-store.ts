/** The core's `PaymentStore` over PostgreSQL: batches for both transactions, plain statements for the rest. */
import { isFirstKind } from '../core/payment/operation.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { CardSubmission, NewOperation, NewPayment, NewPosting, Submission } from '../core/ports/new-operation.ts';
import type { OutcomeToRecord, RecordedOutcome } from '../core/ports/outcome.ts';
import type { PaymentStore } from '../core/ports/payment-store.ts';
import { createBatcher } from '../postgres/batcher.ts';
import type { Database } from '../postgres/connection.ts';
import { submitBankPayment } from './bank-payments.ts';
import { blockCard, findCardBlocks, noteDecline } from './card-blocks.ts';
import { recordDecision } from './decisions.ts';
import { confirmDispute, findDispute, findDisputesOf } from './disputes.ts';
import { submitCaptureWithRest, submitWithDueWork } from './due-holds.ts';
import { createOrphanSweep } from './orphans.ts';
import { recordPartGivenUp, recordPartialApproval } from './partial-approvals.ts';
import { createPaymentNumbers, findByNumber } from './payment-numbers.ts';
import { recordPayout, submitAccountPayout, submitPayout } from './payouts.ts';
import { postOperations } from './post-operation.ts';
import { findAgreementReference, findByKey, findByTrace, findImportedByTrace, findOperations, findTree } from './read-operations.ts';
import { declareReceipt, takeReceipt } from './receipts.ts';
import { recordFirstOutcomes, recordLaterOutcomes } from './record-outcome.ts';
import { claimReference } from './reference-claims.ts';
import { submitFirstPart } from './refunds-in-parts.ts';
import { claimUnresolved, noteLateApproval, postpone, saveUndoTrace } from './resolution.ts';
import { searchOperations } from './search-operations.ts';
import { submitOperations } from './submit-operation.ts';
import { submitChecked, submitPayments } from './submit-payment.ts';
import { classified, unlessKeyTaken, unlessReferenceTaken } from './submitting.ts';
import { reading } from './unavailable.ts';

/** Rows per statement. Beyond about a hundred a batch gains little per row and only makes its first row wait. */
const batchSize = 128;
/**
 * Statements under way at the same time, in each phase of new payments: with one alone, a payment waits for the flush of those before it and then for
 * its own. Two were the best of 1, 2 and 4 on two cores: more of them are smaller, and whoever waits for the same one goes on together (`together.ts`).
 */
const concurrentBatches = 2;

export interface PaymentStoreOptions {
  /** Pool of the payment path: index plans only. */
  readonly hot: Database;
  /** Pool of everything else. */
  readonly general: Database;
  readonly clock: Clock;
  /** Told how many rows each statement of a queue takes. */
  readonly onBatch?: (queue: QueueName, rows: number) => void;
}

export type QueueName = 'payments' | 'operations' | 'postings' | 'first_outcomes' | 'later_outcomes';

export interface BatchingPaymentStore extends PaymentStore {
  /** Rows that wait for a statement or are in one, by queue. */
  queueDepths(): Readonly<Record<QueueName, number>>;
}

export function createPaymentStore({ hot, general, clock, onBatch }: PaymentStoreOptions): BatchingPaymentStore {
  const counting = (queue: QueueName) => ({ onBatch: (rows: number) => onBatch?.(queue, rows) });
  const payments = createBatcher<NewPayment, CardSubmission>({
    ...counting('payments'),
    run: (rows) => submitPayments(hot, rows),
    ...{ maxSize: batchSize, maxConcurrent: concurrentBatches, laneOf: keyLane },
  });
  const operations = createBatcher<NewOperation, Submission>({
    ...counting('operations'),
    run: (rows) => submitOperations(hot, rows),
    ...{ maxSize: batchSize, maxConcurrent: 1, laneOf: (row) => row.paymentId },
  });
  const postings = createBatcher<NewPosting, Submission>({
    ...counting('postings'),
    run: (rows) => postOperations(hot, rows),
    ...{ maxSize: batchSize, maxConcurrent: 1, laneOf: (row) => row.paymentId },
  });
  const firstOutcomes = createBatcher<OutcomeToRecord, RecordedOutcome>({
    ...counting('first_outcomes'),
    run: (rows) => recordFirstOutcomes(hot, rows, clock.businessNow()),
    ...{ maxSize: batchSize, maxConcurrent: concurrentBatches, laneOf: (row) => row.paymentId },
  });
  const laterOutcomes = createBatcher<OutcomeToRecord, RecordedOutcome>({
    ...counting('later_outcomes'),
    run: (rows) => recordLaterOutcomes(hot, rows, clock.businessNow()),
    ...{ maxSize: batchSize, maxConcurrent: 1, laneOf: (row) => row.paymentId },
  });
  const orphans = createOrphanSweep(general);
  const numbers = createPaymentNumbers(general);
  return {
    submitPayment(row) {
      if (row.kind === 'payout') return classified(() => submitPayout(hot, row));
      const isDue = (row.captureDueAtMs !== undefined || row.review !== undefined) && row.rejection === undefined;
      return unlessReferenceTaken(row, () => {
        if (isDue) return submitWithDueWork(hot, row);
        return row.blocksChecked === true ? submitChecked(hot, row) : payments.submit(row);
      });
    },
    submitOperation: (row) =>
      unlessKeyTaken(row, () => {
        if (row.releasesRest === true) return submitCaptureWithRest(hot, row);
        return row.inParts === true ? submitFirstPart(hot, row) : operations.submit(row);
      }),
    submitBankPayment: (row) => classified(() => submitBankPayment(general, row)),
    submitAccountPayout: (row) => classified(() => submitAccountPayout(general, row)),
    declareReceipt: (row) => classified(() => declareReceipt(general, row)),
    takeReceipt: (notice) => takeReceipt(general, notice, clock),
    postOperation: (row) => unlessKeyTaken(row, () => postings.submit(row)),
    confirmDispute: (confirmation) => confirmDispute(general, confirmation),
    findDispute: (key) => reading(findDispute(general, key)),
    findDisputesOf: (key) => reading(findDisputesOf(general, key)),
    findByTrace: (key) => reading(findByTrace(general, key)),
    findImportedByTrace: (trace) => reading(findImportedByTrace(general, trace)),
    recordOutcome(outcome) {
      if (outcome.requestedAmount !== undefined) return recordPartialApproval(hot, outcome, clock.businessNow());
      if (outcome.approvedPart !== undefined) return recordPartGivenUp(hot, outcome, clock.businessNow());
      if (outcome.kind === 'payout') return recordPayout(hot, outcome, clock.businessNow());
      return (isFirstKind(outcome.kind) ? firstOutcomes : laterOutcomes).submit(outcome);
    },
    recordDecision: (outcome, act) => recordDecision(general, outcome, act, clock.businessNow()),
    findOperation: async (key) => (await reading(findOperations(hot, [key])))[0]?.node,
    takePaymentNumber: numbers.take,
    claimReference: (claim) => reading(claimReference(general, claim)),
    findByNumber: (key) => reading(findByNumber(general, key)),
    findTree: (key) => reading(findTree(hot, key)),
    search: (search) => reading(searchOperations(general, search, clock)),
    findAgreementReference: (key) => reading(findAgreementReference(hot, key)),
    noteDecline: (decline, sinceMs) => noteDecline(general, decline, sinceMs),
    blockCard: (block) => blockCard(general, block),
    findCardBlocks: (key) => reading(findCardBlocks(general, key)),
    findByKey: (key) => reading(findByKey(hot, key)),
    markOrphans: orphans.mark,
    claimUnresolved: (request) => claimUnresolved(general, request),
    saveUndoTrace: (undo) => saveUndoTrace(general, undo),
    async noteLateApproval(key) {
      await noteLateApproval(general, key);
      return (await findOperations(general, [key]))[0]?.node;
    },
    isLateApproved: async (key) => (await findOperations(general, [key]))[0]?.lateApproved ?? false,
    postpone: (key) => postpone(general, key),
    queueDepths: () => ({
      payments: payments.depth,
      operations: operations.depth,
      postings: postings.depth,
      first_outcomes: firstOutcomes.depth,
      later_outcomes: laterOutcomes.depth,
    }),
  };
}

/** Requests with the same reference or key follow one another within a node, so that the second sees the first. */
function keyLane({ merchantId, idempotencyKey }: NewPayment): string | undefined {
  return idempotencyKey === undefined ? undefined : `${merchantId} ${idempotencyKey.referenceKey ?? idempotencyKey.key}`;
}
