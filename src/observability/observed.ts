/** The parts of the engine as they are, with their calls measured as steps, and the payment told to the work under way. */

import { isCertainlyNotRecorded } from '../core/payment/store-failure.ts';
import type { Acquirer } from '../core/ports/acquirer.ts';
import type { CardSubmission } from '../core/ports/new-operation.ts';
import type { PaymentStore } from '../core/ports/payment-store.ts';
import type { Vault } from '../core/ports/vault.ts';
import type { ThreeDSServer } from '../core/three-d-secure/three-ds-server.ts';
import { nameWork, type Observer } from './observer.ts';
import { noteRecorded } from './work.ts';

export function observedStore<Store extends PaymentStore>(store: Store, { step }: Observer): Store {
  async function first<S extends CardSubmission>(row: Parameters<typeof nameWork>[0], submit: () => Promise<S>): Promise<S> {
    nameWork(row);
    try {
      const submission = await step('first_transaction', submit);
      if (submission === 'submitted') noteRecorded();
      return submission;
    } catch (error) {
      if (!isCertainlyNotRecorded(error)) noteRecorded();
      throw error;
    }
  }
  return {
    ...store,
    submitPayment: (row) => first(row, () => store.submitPayment(row)),
    submitOperation: (row) => first(row, () => store.submitOperation(row)),
    submitBankPayment: (row) => first(row, () => store.submitBankPayment(row)),
    submitAccountPayout: (row) => first(row, () => store.submitAccountPayout(row)),
    declareReceipt: (row) => first(row, () => store.declareReceipt(row)),
    postOperation: (row) => first(row, () => store.postOperation(row)),
    recordOutcome(outcome) {
      nameWork(outcome);
      noteRecorded();
      return step('second_transaction', () => store.recordOutcome(outcome), { 'polygate.event': outcome.event });
    },
    async findTree(key) {
      const tree = await step('lookup', () => store.findTree(key));
      nameWork({ paymentId: tree?.paymentId });
      return tree;
    },
    async findOperation(key) {
      const operation = await step('lookup', () => store.findOperation(key));
      nameWork({ paymentId: operation?.paymentId });
      return operation;
    },
    findByKey: (key) => step('lookup', () => store.findByKey(key)),
    search: (search) => step('lookup', () => store.search(search)),
  };
}

export function observedAcquirer<Running extends Acquirer>(acquirer: Running, { step }: Observer): Running {
  return {
    ...acquirer,
    send: (request, secrets) => step('acquirer', () => acquirer.send(request, secrets), { 'polygate.act': request.kind }),
    repeat: (request, secrets) => step('acquirer', () => acquirer.repeat(request, secrets), { 'polygate.act': `${request.kind} repeat` }),
    undo: (request, secrets, attempt) =>
      step('acquirer', () => acquirer.undo(request, secrets, attempt), { 'polygate.act': `${request.kind} reversal` }),
  };
}

export function observedVault<Opened extends Vault>(vault: Opened, { step }: Observer): Opened {
  return {
    ...vault,
    store: (card) => step('vault', () => vault.store(card)),
    reveal: (card) => step('vault', () => vault.reveal(card)),
  };
}

export function observedDirectory<Server extends ThreeDSServer>(server: Server, { step }: Observer): Server {
  return { ...server, ask: (asking) => step('directory_server', () => server.ask(asking)) };
}
