/** Reads and shows fault orders of the control API. */

import type { AccountOf } from '../host/accounts.ts';
import { BANK_FAULTS, type FaultOrder, HOST_FAULTS, MAIL_FAULTS, THREE_DS_FAULTS } from '../host/faults.ts';

/** What is wrong with a body, and in which of its fields. */
export interface BodyProblem {
  readonly error: string;
  readonly field: string;
}

const FAULTS = [...HOST_FAULTS, ...THREE_DS_FAULTS, ...BANK_FAULTS, ...MAIL_FAULTS];
const DELAYING: readonly FaultOrder['fault'][] = ['late_answer', 'slow', 'acs_slow', 'partial_approval'];
const FIELDS = ['fault', 'pan', 'mti', 'times', 'delay_ms', 'code'];
const MOST_TIMES = 1_000_000;
const LONGEST_DELAY_MS = 600_000;

/** The order in a JSON body, or the first problem with it. Values are not repeated: one of them may be a card number. */
export function readFaultOrder(body: unknown, accountOf: AccountOf): FaultOrder | BodyProblem {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { error: 'expected a JSON object with a fault', field: 'fault' };
  const values = new Map<string, unknown>(Object.entries(body));
  const unknown = [...values.keys()].find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) return { error: `unknown field; expected ${FIELDS.join(', ')}`, field: unknown.slice(0, 40) };

  const fault = FAULTS.find((name) => name === values.get('fault'));
  if (fault === undefined) return { error: `expected one of ${FAULTS.join(', ')}`, field: 'fault' };
  const problem =
    textProblem(values, 'pan', { pattern: /^[0-9]{12,19}$/, means: 'a card number of 12 to 19 digits' }) ??
    textProblem(values, 'mti', {
      pattern: /^0(10[01]|20[01]|22[01]|42[0123]|50[01])$/,
      means: 'one of 0100, 0101, 0200, 0201, 0220, 0221, 0420, 0421, 0422, 0423, 0500, 0501',
    }) ??
    textProblem(values, 'code', { pattern: /^[0-9A-Za-z]{2}$/, means: 'a response code (DE39) of two letters or digits' }) ??
    numberProblem(values, 'times', { least: 1, most: MOST_TIMES }) ??
    numberProblem(values, 'delay_ms', { least: 0, most: LONGEST_DELAY_MS }) ??
    disputeProblem(values, fault) ??
    totalsProblem(values, fault) ??
    uselessProblem(values, fault);
  if (problem !== undefined) return problem;

  const text = (field: string): string | undefined => {
    const value = values.get(field);
    return typeof value === 'string' ? value : undefined;
  };
  const number = (field: string): number | undefined => {
    const value = values.get(field);
    return typeof value === 'number' ? value : undefined;
  };
  const pan = text('pan');
  return {
    fault,
    account: pan === undefined ? undefined : accountOf(pan),
    mti: text('mti'),
    times: number('times') ?? 1,
    delayMs: number('delay_ms'),
    code: text('code'),
  };
}

type Values = ReadonlyMap<string, unknown>;

function textProblem(values: Values, field: string, { pattern, means }: { pattern: RegExp; means: string }): BodyProblem | undefined {
  const value = values.get(field);
  if (value === undefined || (typeof value === 'string' && pattern.test(value))) return undefined;
  return { error: `expected ${means}, as a string`, field };
}

function numberProblem(values: Values, field: string, { least, most }: { least: number; most: number }): BodyProblem | undefined {
  const value = values.get(field);
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most))
    return undefined;
  return { error: `expected a whole number from ${least} to ${most}`, field };
}

/** The host's own advices can be lost, doubled, or lose their answer. */
function disputeProblem(values: Values, fault: FaultOrder['fault']): BodyProblem | undefined {
  const isDispute = values.get('mti') === '0422' || values.get('mti') === '0423';
  if (!isDispute || fault === 'no_answer' || fault === 'duplicate_answer' || fault === 'answer_lost') return undefined;
  return { error: 'disputes (0422) know the faults no_answer, duplicate_answer and answer_lost', field: 'fault' };
}

/** The faults of a reconciliation. */
function totalsProblem(values: Values, fault: FaultOrder['fault']): BodyProblem | undefined {
  const isReconciliation = values.get('mti') === '0500' || values.get('mti') === '0501';
  if (fault === 'wrong_totals')
    return isReconciliation ? undefined : { error: 'wrong_totals belongs to the message type 0500', field: 'mti' };
  if (!isReconciliation || fault === 'no_answer' || fault === 'answer_lost') return undefined;
  return { error: 'reconciliations (0500) know the faults no_answer, answer_lost and wrong_totals', field: 'fault' };
}

function uselessProblem(values: Values, fault: FaultOrder['fault']): BodyProblem | undefined {
  if (values.has('code') && fault !== 'decline') return { error: 'a code belongs to the fault decline', field: 'code' };
  if (values.has('delay_ms') && !DELAYING.includes(fault)) {
    return { error: `a delay belongs to the faults ${DELAYING.join(', ')}`, field: 'delay_ms' };
  }
  if (values.has('pan') && [...BANK_FAULTS, ...MAIL_FAULTS].some((name) => name === fault))
    return { error: 'the bank and the mailbox know no cards', field: 'pan' };
  if (values.has('mti') && [...THREE_DS_FAULTS, ...BANK_FAULTS, ...MAIL_FAULTS].some((name) => name === fault)) {
    return { error: 'a message type of ISO 8583 belongs to the faults of the acquirer host', field: 'mti' };
  }
  return undefined;
}

/** An order as the control API shows it; `pan` is masked. */
export function faultView(order: FaultOrder): Readonly<Record<string, unknown>> {
  return {
    fault: order.fault,
    times: order.times,
    ...(order.account === undefined ? {} : { pan: order.account.masked }),
    ...(order.mti === undefined ? {} : { mti: order.mti }),
    ...(order.delayMs === undefined ? {} : { delay_ms: order.delayMs }),
    ...(order.code === undefined ? {} : { code: order.code }),
  };
}
