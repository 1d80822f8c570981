/** What the shop needs of a protocol to be paid through it: a way to pay, and what to do when the shopper comes back from their bank. */
import type { BrowserInput, CardInput } from './shopper.ts';
import type { Wire } from './wire.ts';

export interface OrderToPay {
  /** The shop's own number of the order; a gateway never sees it twice. */
  readonly reference: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly email: string;
  readonly browser: BrowserInput;
  /** Where the shopper comes back to, where the protocol lets the order say so. */
  readonly returnUrl: string;
}

/**
 * How an order stands. `unknown`: it was sent, and no answer came. `redirect`: the shopper's browser has to go there first, by GET or with a form. `paymentId` is the gateway's name of the
 * payment, by which it is asked again.
 */
export type Progress =
  | { readonly kind: 'paid' | 'pending'; readonly paymentId: string }
  | { readonly kind: 'declined'; readonly paymentId?: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string }
  | {
      readonly kind: 'redirect';
      readonly paymentId: string;
      readonly method: 'GET' | 'POST';
      readonly url: string;
      readonly fields: Readonly<Record<string, string>>;
    };

export interface Gateway {
  /** The protocol's short name, as in the path that shoppers come back to. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the developer who chooses. */
  readonly summary: string;
  pay(order: OrderToPay, card: CardInput, wire: Wire): Promise<Progress>;
  /** The shopper is back, with whatever the gateway wrote into the address: how does the payment stand? */
  look(payment: { readonly paymentId: string; readonly returned: URLSearchParams }, wire: Wire): Promise<Progress>;
  /** The shop's reference in an address that the gateway sent the shopper back to, where the address is the same for all orders. */
  referenceIn?(returned: URLSearchParams): string | undefined;
}
