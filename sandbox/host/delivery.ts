/** What happens to an answer on its way out: a test card or a fault may ask for anything but plain delivery. */

/** The fate of one answer. All but `normal` begin only after the message is booked and durable. */
export type Delivery =
  | { readonly how: 'normal' }
  /** Never sent. */
  | { readonly how: 'lost' }
  | { readonly how: 'delayed'; readonly delayMs: number }
  | { readonly how: 'twice' }
  /** The connection is closed instead. */
  | { readonly how: 'disconnect' }
  /** Half of the frame, then the connection is closed. */
  | { readonly how: 'half-frame' }
  /** With another STAN than the request had. */
  | { readonly how: 'wrong-stan' }
  /** A frame of the right shape whose content is no message. */
  | { readonly how: 'garbage' };

export const NORMAL: Delivery = { how: 'normal' };
