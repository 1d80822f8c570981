/** Counting requests over all nodes. */

/** Counts requests for all nodes together, by the database's clock. */
export interface RequestWindow {
  /** Counts one more for the subject, unless `limit` have been within the last `windowMs`. `retryAfterMs`: until one may come again. */
  count(request: {
    readonly merchantId: string;
    readonly subject: string;
    readonly limit: number;
    readonly windowMs: number;
  }): Promise<{ readonly allowed: true; readonly remaining: number } | { readonly allowed: false; readonly retryAfterMs: number }>;
}
