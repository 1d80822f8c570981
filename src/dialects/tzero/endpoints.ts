/** Every endpoint as its description has it; a test holds the list to the routes that there are. */
import type { TSchema } from 'typebox';
import type { AnswerName } from './answers.ts';
import type { ErrorCode } from './problem.ts';
import { authoriseBody, captureBody, documentForm, refundBody, voidBody } from './wire.ts';

export interface Endpoint {
  readonly name: string;
  readonly group: string;
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  /** The same at other paths. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly body?: TSchema;
  readonly contentType?: string;
  /** What the form for trying it out begins with. */
  readonly sample?: object;
  /** What the parts of the path name. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly query?: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly description: string;
    readonly schema: object;
    readonly example?: string;
  }[];
  readonly answers: Readonly<Record<string, { readonly description: string; readonly schema: AnswerName; readonly contentType?: string }>>;
  readonly errors: readonly ErrorCode[];
  /** Takes an `Idempotency-Key`. */
  readonly isKeyed?: boolean;
  /** Needs no key. */
  readonly isOpen?: boolean;
}

const conflict = ['duplicate_reference', 'idempotency_mismatch', 'request_in_progress'] as const;
const ofPayment = ['payment_not_found', 'channel_not_allowed'] as const;

const channelQuery = {
  ...{ name: 'channel', required: false, schema: { type: 'string' } },
  description: 'Only where the payment is of this channel.',
};

export const endpoints: readonly Endpoint[] = [
  {
    ...{ name: 'authorise', group: 'Payments', method: 'post', path: '/payment/authorise', aliases: ['/payment/authorize'], isKeyed: true },
    summary: 'Begin a payment',
    description:
      'A payment of the customer (`cit`) is answered with the address where they finish it, by 3-D Secure or by a button. A payment that you start (`mit`) is answered at once.',
    body: authoriseBody,
    sample: {
      ...{ channel: 'ch_…', amount: 1999, currency: 'USD', reference: 'ord-77' },
      customer: { reference: 'c1', email: 'ada@shop.example', name: 'Ada Example', phone: '12' },
      payment_method: {
        type: 'card',
        number: '4242424242424242',
        expiry_month: 12,
        expiry_year: 2077,
        cvc: '012',
        store_for_future_use: true,
      },
      payment_data: { payment_type: 'cit', payment_sub_type: 'recurring-initial', credential_on_file: true, industry_usage: 'none' },
      capture: 'auto',
    },
    answers: {
      200: { description: 'A payment that you started: what became of it.', schema: 'Payment' },
      201: { description: 'A payment of the customer: where they finish it.', schema: 'Payment' },
    },
    errors: [...conflict, 'channel_not_allowed', 'pci_compliance_required', 'payment_method_not_found'],
  },
  {
    ...{ name: 'readPayment', group: 'Payments', method: 'get', path: '/payment/:id', query: [channelQuery] },
    summary: 'How a payment stands',
    description: 'With everything that was done to it, and the result of 3-D Secure.',
    answers: { 200: { description: 'The payment.', schema: 'Payment' } },
    errors: ofPayment,
  },
  {
    ...{ name: 'listRefunds', group: 'Payments', method: 'get', path: '/payment/:id/refunds', query: [channelQuery] },
    summary: 'The refunds of a payment',
    description: 'All of them, the oldest first.',
    answers: { 200: { description: 'The refunds.', schema: 'Refunds' } },
    errors: ofPayment,
  },
  {
    ...{ name: 'capture', group: 'Acts', method: 'post', path: '/payment/capture', aliases: ['/payment/:id/capture'], isKeyed: true },
    summary: 'Take held money',
    description: 'Of a payment with `capture: manual`, or before its delay is over; in several parts, up to what was authorised.',
    body: captureBody,
    sample: { payment_id: 'pay_01K00000000000000000000000', amount: 1000 },
    answers: { 200: { description: 'The payment, and the capture in `operation`.', schema: 'Acted' } },
    errors: [...ofPayment, 'invalid_state', 'amount_exceeded', 'idempotency_mismatch', 'request_in_progress'],
  },
  {
    ...{ name: 'void', group: 'Acts', method: 'post', path: '/payment/void', isKeyed: true },
    aliases: ['/payment/:id/void', '/payment/cancel', '/payment/:id/cancel'],
    summary: 'Give a hold back',
    description: 'Only before anything is captured.',
    body: voidBody,
    sample: { payment_id: 'pay_01K00000000000000000000000', reason: 'customer changed their mind' },
    answers: { 200: { description: 'The payment, and the void in `operation`.', schema: 'Acted' } },
    errors: [...ofPayment, 'invalid_state', 'amount_exceeded', 'idempotency_mismatch', 'request_in_progress'],
  },
  {
    ...{ name: 'refund', group: 'Acts', method: 'post', path: '/payment/refund', aliases: ['/payment/:id/refund'], isKeyed: true },
    summary: 'Give captured money back',
    description: 'In several parts, up to what was captured. Its `reference` is its key where there is no other.',
    body: refundBody,
    sample: { payment_id: 'pay_01K00000000000000000000000', amount: 500, reference: 'ref-1' },
    answers: { 200: { description: 'The refund.', schema: 'Refund' } },
    errors: [...ofPayment, 'invalid_state', 'amount_exceeded', ...conflict],
  },
  {
    ...{ name: 'submitDocument', group: 'PCI DSS', method: 'post', path: '/compliance/document' },
    summary: 'Hand in a PCI DSS document',
    description: 'A PDF of at most 20 MB. It counts when an operator has approved it; the same file again is the same document.',
    body: documentForm,
    contentType: 'multipart/form-data',
    answers: {
      200: { description: 'This file was handed in before.', schema: 'Document' },
      201: { description: 'It waits for approval.', schema: 'Document' },
    },
    errors: [],
  },
  {
    ...{ name: 'complianceStatus', group: 'PCI DSS', method: 'get', path: '/compliance/status' },
    summary: 'Which documents are required, and how they stand',
    description:
      'Everybody needs an ASV scan report, and a self-assessment questionnaire up to six million transactions in twelve months, an attestation of compliance beyond.',
    answers: { 200: { description: 'The standing.', schema: 'Standing' } },
    errors: [],
  },
];
