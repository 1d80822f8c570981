/**
 * Measures what the gateway does: each step of a work is a duration in the metrics, an entry in the work's own list, and a span where traces are
 * on. Without traces a step costs two readings of the clock.
 */
import type { WorkNames } from '../core/payment/engine.ts';
import type { SpanAttributes, Tracing } from './tracing.ts';
import { currentWork, nameWork, runAs, type Work } from './work.ts';

/**
 * `read`: from a request's arrival to its first other step. `lookup`: what is stored is read. `vault`: a card is stored or read. `delivery`: one
 * try to tell a merchant.
 */
export const stepNames = [
  'read',
  'lookup',
  'first_transaction',
  'vault',
  'acquirer',
  'second_transaction',
  'directory_server',
  'delivery',
] as const;

export type StepName = (typeof stepNames)[number];

export interface Observer {
  readonly tracing: Tracing | undefined;
  /** Runs a step. It fails as `run` fails. */
  step<T>(name: StepName, run: () => Promise<T>, attributes?: SpanAttributes): Promise<T>;
  /** Runs work of its own, apart from whatever is under way. */
  within<T>(names: WorkNames, run: () => Promise<T>): Promise<T>;
  /** A request begins. */
  begin(request: { readonly requestId: string; readonly route: string }): Work;
}

export interface ObserverOptions {
  readonly tracing: Tracing | undefined;
  readonly onStep: (name: StepName, durationMs: number) => void;
}

export function createObserver({ tracing, onStep }: ObserverOptions): Observer {
  function note(work: Work | undefined, name: StepName, durationMs: number): void {
    onStep(name, durationMs);
    work?.steps.push({ name, durationMs });
  }
  return {
    tracing,
    async step(name, run, attributes) {
      const work = currentWork();
      const startedMs = performance.now();
      if (work?.requestId !== undefined && work.steps.length === 0) note(work, 'read', startedMs - work.startedMs);
      const span = tracing?.start(name, { parent: work?.span, ...(attributes === undefined ? {} : { attributes }) });
      let failed = true;
      try {
        const result = await run();
        failed = false;
        return result;
      } finally {
        note(work, name, performance.now() - startedMs);
        span?.end({ failed });
      }
    },
    async within(names, run) {
      const { work: name, paymentId, operationId } = names;
      const span = tracing?.start(name);
      const work: Work = { name, startedMs: performance.now(), steps: [], paymentId, operationId, ...(span === undefined ? {} : { span }) };
      let failed = true;
      try {
        const result = await runAs(work, run);
        failed = false;
        return result;
      } finally {
        span?.set(idsOf(work));
        span?.end({ failed });
      }
    },
    begin({ requestId, route }) {
      const span = tracing?.start(route, { isEntry: true, attributes: { 'polygate.request_id': requestId } });
      return { name: 'request', startedMs: performance.now(), requestId, steps: [], ...(span === undefined ? {} : { span }) };
    },
  };
}

/** The ids of a work as attributes of its span. */
export function idsOf({ paymentId, operationId }: Work): SpanAttributes {
  return {
    ...(paymentId === undefined ? {} : { 'polygate.payment_id': paymentId }),
    ...(operationId === undefined ? {} : { 'polygate.operation_id': operationId }),
  };
}

export { nameWork };
