/** What the checkout's form tells: the card, and the browser that it was typed into. */

export interface CardInput {
  readonly number: string;
  /** Two digits. */
  readonly expiryMonth: string;
  /** Four digits. */
  readonly expiryYear: string;
  readonly cvc: string;
  readonly holder: string;
}

/** What a browser tells of itself, for 3-D Secure. */
export interface BrowserInput {
  readonly acceptHeader: string;
  readonly userAgent: string;
  readonly language: string;
  readonly screenHeight: number;
  readonly screenWidth: number;
  readonly colorDepth: number;
  /** Minutes from UTC as JavaScript counts them: west is positive. */
  readonly timezoneOffset: number;
  readonly javaScript: boolean;
  readonly ip: string;
}
