/**
 * The steps that a shopper's browser takes for a payment, as data: pages are made of them, and know nothing else of the payment.
 */

/** Sizes of the issuer's window as EMV 3-D Secure numbers them; `05` is the whole page. */
export type ChallengeWindow = '01' | '02' | '03' | '04' | '05';

/**
 * - `method`: the issuer's page, in an invisible frame, gets a form post of `threeDSMethodData` = `data`; then, or after `timeoutMs`, the event
 *   `method_timed_out` goes on.
 * - `challenge`: the browser goes to `url` with the form fields `creq` and `threeDSSessionData` (= `sessionData`), within 30 seconds.
 * - `redirect`: the browser goes elsewhere.
 * - `wait`: look again after `retryAfterMs`.
 * - `done`: back to the shop.
 * - `gone`: there is no such step, or not any more.
 */
export type ShopperStep =
  | { readonly kind: 'method'; readonly url: string; readonly data: string; readonly timeoutMs: number }
  | {
      readonly kind: 'challenge';
      readonly url: string;
      readonly creq: string;
      readonly sessionData: string;
      readonly window: ChallengeWindow;
    }
  | {
      readonly kind: 'redirect';
      readonly url: string;
      readonly method: 'GET' | 'POST';
      readonly parameters: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'wait'; readonly retryAfterMs: number }
  | { readonly kind: 'done'; readonly returnUrl: string }
  | { readonly kind: 'gone' };
