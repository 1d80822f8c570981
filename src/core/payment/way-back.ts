/** The shopper's way back to the merchant, as it stands in the header of a redirect. */

/** An address as merchants write it, in letters of any script, with those percent-encoded that no header can hold (RFC 9110, 10.2.2); others as they are. */
export function locationOf(address: string): string {
  return /^[!-~]*$/.test(address) ? address : (URL.parse(address)?.href ?? encodeURI(address.toWellFormed()));
}
