/** What a request is answered when nothing comes of it: `{"error": {"type", "code", "message", "details"}}`. Thrown inside the dialect, answered in one place. */
import { shownName } from '../shown-name.ts';

/** One field at fault: where it stands in the body, with dots, and what is wrong with it. It never repeats the value. */
export interface FieldIssue {
  readonly field: string;
  readonly issue: string;
}

/** Every code, with its HTTP status, its type and its usual words. */
const codes = {
  malformed_json: [400, 'invalid_request', 'The body is not JSON in UTF-8.'],
  malformed_jwe: [400, 'invalid_request', 'The body cannot be decrypted: encrypt it with a key of GET /keys, RSA-OAEP-256 and A256GCM.'],
  unreadable_request: [400, 'invalid_request', 'The request cannot be read.'],
  body_too_large: [413, 'invalid_request', 'The body is too large.'],
  unsupported_media_type: [415, 'invalid_request', 'The body must be application/json, or application/jose where it is encrypted.'],
  missing_key: [401, 'authentication_error', 'Send the secret key in the header X-Secret-Key.'],
  invalid_key: [401, 'authentication_error', 'The secret key is not valid.'],
  channel_not_allowed: [403, 'permission_error', 'The secret key does not open this channel.'],
  ip_not_allowed: [403, 'permission_error', 'The channel takes no requests from this address.'],
  pci_compliance_required: [
    403,
    'permission_error',
    'Card data may be sent only with approved PCI DSS documents that are valid today: see GET /compliance/status. Hosted sessions go on working.',
  ],
  payment_not_found: [404, 'not_found', 'There is no such payment.'],
  payment_method_not_found: [404, 'not_found', 'There is no such stored card.'],
  link_not_found: [404, 'not_found', 'There is no such link.'],
  endpoint_not_found: [404, 'not_found', 'There is no such endpoint.'],
  method_not_allowed: [405, 'invalid_request', 'This endpoint has other methods: see the header Allow.'],
  duplicate_reference: [409, 'conflict', 'Another request had this reference within the last 24 hours.'],
  idempotency_mismatch: [409, 'conflict', 'The Idempotency-Key was used with another request.'],
  request_in_progress: [409, 'conflict', 'The same request is under way; ask again in a moment.'],
  invalid_state: [409, 'conflict', 'The payment does not allow this now.'],
  amount_exceeded: [409, 'conflict', 'The amount is more than what is left.'],
  validation_failed: [422, 'validation_error', 'Fields of the request are wrong.'],
  rate_limited: [429, 'rate_limit', 'Too many requests.'],
  internal_error: [
    500,
    'api_error',
    'Something went wrong here; the request id helps to find out what. What was asked for may have been done: read it before you ask again.',
  ],
  processor_error: [502, 'api_error', 'The processor could not be asked.'],
  service_unavailable: [503, 'api_error', 'Nothing was recorded; the same request may succeed later.'],
} as const satisfies Readonly<Record<string, readonly [status: number, type: string, message: string]>>;

export type ErrorCode = keyof typeof codes;

export const errorCodes = Object.keys(codes) as readonly ErrorCode[];

export function statusOf(code: ErrorCode): number {
  return codes[code][0];
}

export function messageOf(code: ErrorCode): string {
  return codes[code][2];
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ErrorCode;
  readonly details: readonly FieldIssue[];
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    more: { readonly message?: string; readonly details?: readonly FieldIssue[]; readonly retryAfterMs?: number } = {},
  ) {
    super(more.message ?? messageOf(code));
    this.code = code;
    this.details = more.details ?? [];
    this.retryAfterMs = more.retryAfterMs;
  }

  get status(): number {
    return statusOf(this.code);
  }

  get body(): object {
    return { type: codes[this.code][1], code: this.code, message: this.message, details: this.details };
  }
}

/** One wrong field of a request. */
export function fieldProblem(field: string, issue: string): Problem {
  return new Problem('validation_failed', { details: [{ field: shownName(field), issue }] });
}
