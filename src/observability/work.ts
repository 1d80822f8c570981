/**
 * What is under way: a request, a resolution, a delivery. It is carried along through everything that is awaited, so that whatever logs or takes
 * time on its behalf can be told apart from the same of others, without a parameter in every function.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from './tracing.ts';

export interface Work {
  /** `request`, or what the gateway does by itself. */
  readonly name: string;
  readonly startedMs: number;
  readonly requestId?: string;
  /** Known as soon as somebody has found out. */
  paymentId?: string | undefined;
  operationId?: string | undefined;
  /** Something of it stands, or may stand: whatever breaks from now on, it cannot be told as never made. */
  isRecorded?: true;
  /** Its steps so far and how long they took, in ms. */
  readonly steps: { readonly name: string; readonly durationMs: number }[];
  readonly span?: Span | undefined;
}

const underWay = new AsyncLocalStorage<Work>();

export function currentWork(): Work | undefined {
  return underWay.getStore();
}

export function runAs<T>(work: Work, run: () => T): T {
  return underWay.run(work, run);
}

/** Runs what belongs to nobody, though it began for somebody. */
export function outsideOfWork<T>(run: () => T): T {
  return underWay.exit(run);
}

/** Says which payment the present work is about; the first word stands. */
export function nameWork({
  paymentId,
  operationId,
}: {
  readonly paymentId?: string | undefined;
  readonly operationId?: string | undefined;
}): void {
  const work = underWay.getStore();
  if (work === undefined) return;
  work.paymentId ??= paymentId;
  work.operationId ??= operationId;
}

/** Says that something was, or may have been, recorded for the present work. */
export function noteRecorded(): void {
  const work = underWay.getStore();
  if (work !== undefined) work.isRecorded = true;
}

/** What a log line says of the work that it belongs to. */
export function workFields(): Record<string, string> {
  const work = underWay.getStore();
  if (work === undefined) return {};
  const { name, requestId, paymentId, operationId, span } = work;
  return {
    ...(requestId === undefined ? { work: name } : { requestId }),
    ...(paymentId === undefined ? {} : { paymentId }),
    ...(operationId === undefined ? {} : { operationId }),
    ...(span === undefined ? {} : { traceId: span.traceId }),
  };
}
