/** One request to the bank and its answer, within a time. */

/** `not_sent`: no byte of it can have reached the bank. `unknown`: it may have arrived, and no answer came that could be read. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'not_sent' | 'unknown'; readonly cause: string };

interface Peer {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

/** The connection was never made. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

const longestAnswer = 1_000_000;

/** Never rejects. Redirects are not followed: the secret goes to the bank alone. */
export async function exchange({ url, secret, timeoutMs }: Peer, { method, path, body }: Request): Promise<Answer> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.status >= 500 || text.length > longestAnswer) return { kind: 'unknown', cause: `the bank answered ${response.status}` };
    return { kind: 'answer', status: response.status, body: JSON.parse(text) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    return { kind: code !== undefined && neverConnected.has(code) ? 'not_sent' : 'unknown', cause: code ?? String(error) };
  }
}
