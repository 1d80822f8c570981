/** Addresses of merchants that are to say more than they do. */

/**
 * `url` with `query`, percent-encoded already, before its fragment. What it has stays as it is, letter by letter: the merchant may have signed it, or
 * read it with a parser that takes a plus for a plus.
 */
export function withQuery(url: string, query: string): string {
  const [address = '', ...fragment] = url.split('#');
  const joint = address.includes('?') ? (/[?&]$/.test(address) ? '' : '&') : '?';
  return `${address}${joint}${query}${fragment.length === 0 ? '' : `#${fragment.join('#')}`}`;
}
