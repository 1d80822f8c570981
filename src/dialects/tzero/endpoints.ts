/** Every endpoint as its description has it; a test holds the list to the routes that there are. */
import type { TSchema } from 'typebox';
import type { AnswerName } from './answers.ts';
import type { ErrorCode } from './problem.ts';
import { statuses } from './states.ts';
import { authoriseBody, captureBody, disableLinkBody, documentForm, linkBody, refundBody, sessionBody, voidBody } from './wire.ts';

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
const ofPayment = ['payment_not_found', 'channel_not_allowed', 'ip_not_allowed'] as const;

const customerIds = { reference: 'Your `customer.reference`.', id: 'The stored card: pm_…' };

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
    errors: [...conflict, 'channel_not_allowed', 'ip_not_allowed', 'pci_compliance_required', 'payment_method_not_found'],
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
    ...{ name: 'listPayments', group: 'Payments', method: 'get', path: '/payment' },
    query: [
      { name: 'channel', required: true, description: 'The channel.', schema: { type: 'string' }, example: 'ch_…' },
      { name: 'reference', required: false, description: 'Only with this reference.', schema: { type: 'string' } },
      {
        name: 'from',
        required: false,
        description: 'Not made before; 30 days ago by default.',
        schema: { type: 'string' },
        example: '2034-01-01',
      },
      { name: 'to', required: false, description: 'Not made after.', schema: { type: 'string' } },
      {
        name: 'status',
        required: false,
        description: 'Only with this status; a page may have fewer then.',
        schema: { type: 'string', enum: statuses },
      },
      { name: 'limit', required: false, description: 'Of a page; 20 by default.', schema: { type: 'integer', minimum: 1, maximum: 100 } },
      { name: 'cursor', required: false, description: '`next_cursor` of the page before.', schema: { type: 'string' } },
    ],
    summary: 'Payments of a channel',
    description: 'The oldest first.',
    answers: { 200: { description: 'A page.', schema: 'Payments' } },
    errors: ['channel_not_allowed', 'ip_not_allowed', 'validation_failed'],
  },
  {
    ...{ name: 'openSession', group: 'Hosted pages', method: 'post', path: '/payment/session', isKeyed: true },
    summary: 'A payment on our page',
    description: 'The customer enters the card there, within 30 minutes; your server needs no PCI DSS documents.',
    body: sessionBody,
    sample: { channel: 'ch_…', amount: 1999, currency: 'USD', reference: 'ord-78' },
    answers: { 201: { description: 'Where the customer pays.', schema: 'Session' } },
    errors: ['channel_not_allowed', 'ip_not_allowed', 'duplicate_reference'],
  },
  {
    ...{ name: 'openLink', group: 'Hosted pages', method: 'post', path: '/payment/link', isKeyed: true },
    summary: 'A link that can be sent',
    description: 'As a session, for as long as you say.',
    body: linkBody,
    sample: { channel: 'ch_…', amount: 1999, currency: 'USD', reference: 'ord-79', description: 'Order 79', expires_in: '7d' },
    answers: { 201: { description: 'The link.', schema: 'NewLink' } },
    errors: ['channel_not_allowed', 'ip_not_allowed', 'duplicate_reference'],
  },
  {
    ...{ name: 'readLink', group: 'Hosted pages', method: 'get', path: '/payment/link/:id', ids: { id: 'The id of the link.' } },
    summary: 'How a link stands',
    description: 'With its latest payment.',
    answers: { 200: { description: 'The link.', schema: 'Link' } },
    errors: ['link_not_found', 'channel_not_allowed', 'ip_not_allowed'],
  },
  {
    ...{ name: 'disableLink', group: 'Hosted pages', method: 'post', path: '/payment/link/disable' },
    summary: 'End a link',
    description: 'Only while nothing was paid.',
    body: disableLinkBody,
    sample: { id: 'link_01K00000000000000000000000' },
    answers: { 200: { description: 'The link.', schema: 'Link' } },
    errors: ['link_not_found', 'channel_not_allowed', 'ip_not_allowed', 'invalid_state', 'request_in_progress'],
  },
  {
    ...{ name: 'listStoredCards', group: 'Stored cards', method: 'get', path: '/customer/:reference/payment-method', ids: customerIds },
    summary: 'Stored cards of a customer',
    description: 'Those that were stored with this `customer.reference` and not deleted since.',
    answers: { 200: { description: 'The cards.', schema: 'StoredCards' } },
    errors: ['ip_not_allowed'],
  },
  {
    ...{
      name: 'deleteStoredCard',
      group: 'Stored cards',
      method: 'delete',
      path: '/customer/:reference/payment-method/:id',
      ids: customerIds,
    },
    summary: 'Delete a stored card',
    description: 'Nobody can pay with it any more; refunds of what was paid go on.',
    answers: { 200: { description: 'It is deleted.', schema: 'Deleted' } },
    errors: ['ip_not_allowed', 'payment_method_not_found'],
  },
  {
    ...{ name: 'keys', group: 'Encryption', method: 'get', path: '/keys', isOpen: true },
    summary: 'Keys that bodies may be encrypted to',
    description: 'A body may be a compact JWE (`application/jose`) with RSA-OAEP-256 and A256GCM instead of JSON; `kid` names the key.',
    answers: { 200: { description: 'A JSON Web Key Set, the newest key first.', schema: 'Keys' } },
    errors: ['service_unavailable'],
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
    errors: ['ip_not_allowed'],
  },
  {
    ...{ name: 'complianceStatus', group: 'PCI DSS', method: 'get', path: '/compliance/status' },
    summary: 'Which documents are required, and how they stand',
    description:
      'Everybody needs an ASV scan report, and a self-assessment questionnaire up to six million transactions in twelve months, an attestation of compliance beyond.',
    answers: { 200: { description: 'The standing.', schema: 'Standing' } },
    errors: ['ip_not_allowed'],
  },
];
