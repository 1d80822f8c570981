/** Thrown when somebody asks more often than they may, or must wait after wrong credentials: nothing of the request was done. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  /** For whoever answers errors without knowing this one. */
  readonly statusCode = 429;
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many requests');
    this.retryAfterMs = retryAfterMs;
  }

  /** The header `Retry-After`: whole seconds, rounded up (RFC 9110, 10.2.3). */
  get retryAfter(): string {
    return String(Math.max(1, Math.ceil(this.retryAfterMs / 1_000)));
  }
}
