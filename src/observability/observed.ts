/** The parts of the engine as they are, with their calls measured as steps, and the payment told to the work under way. */
import type { Acquirer } from '../core/ports/acquirer.ts';
import type { PaymentStore } from '../core/ports/payment-store.ts';
import type { Vault } from '../core/ports/vault.ts';
import type { ThreeDSServer } from '../core/three-d-secure/three-ds-server.ts';
import { nameWork, type Observer } from './observer.ts';

export function observedStore<Store extends PaymentStore>(store: Store, { step }: Observer): Store {
  return {
    ...store,
    submitPayment(row) {
      nameWork(row);
      return step('first_transaction', () => store.submitPayment(row));
    },
    submitOperation(row) {
      nameWork(row);
      return step('first_transaction', () => store.submitOperation(row));
    },
    submitBankPayment(row) {
      nameWork(row);
      return step('first_transaction', () => store.submitBankPayment(row));
    },
    postOperation(row) {
      nameWork(row);
      return step('first_transaction', () => store.postOperation(row));
    },
    recordOutcome(outcome) {
      nameWork(outcome);
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
