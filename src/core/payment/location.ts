/**
 * Addresses of merchants in the header `Location`, which has printable ASCII only (RFC 9110, 10.2.2): no answer leaves with anything else in it, so that
 * a shopper would never come back to a shop whose address has an umlaut, or a line break that URL parsers pass over.
 */

const printable = /^[\x21-\x7e]*$/;

/** The address as it is, where it can stand in a header; else as a browser would write it. */
export function locationOf(url: string): string {
  return printable.test(url) ? url : (URL.parse(url)?.href ?? encodeURI(url.toWellFormed()));
}

/** Where a browser goes whose link is wrong, or was cut off: to a page that says so. Undefined for programs, which are told in their protocol's words. */
export function pageOfNothing({ publicUrl }: { readonly publicUrl: string }, accept = ''): string | undefined {
  return /\btext\/html\b/i.test(accept) ? `${publicUrl}/pay/none` : undefined;
}
