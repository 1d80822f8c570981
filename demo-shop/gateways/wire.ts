/**
 * The one place where the shop speaks to a gateway. It remembers what was said, so that the shop can show it, and never the card: a request is built
 * twice, once with the card and once with a masked one, and only the second is kept.
 */
import type { CardInput } from './shopper.ts';

export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  /** The body as JSON; an empty object when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What a developer is shown of an exchange. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
  readonly tookMs: number;
}

export interface Wire {
  readonly exchanges: readonly Exchange[];
  send(request: WireRequest): Promise<WireAnswer>;
  sendCard(card: CardInput, build: (card: CardInput) => WireRequest): Promise<WireAnswer>;
}

const patienceMs = 60_000;

export function createWire(): Wire {
  const exchanges: Exchange[] = [];

  async function exchange(request: WireRequest, shown: WireRequest): Promise<WireAnswer> {
    const startedMs = performance.now();
    const { method, url, headers, body } = request;
    const response = await fetch(url, {
      ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    exchanges.push({
      ...{ method, url: shown.url, body: readable(shown.body ?? ''), status: response.status, answer: readable(text) },
      tookMs: performance.now() - startedMs,
    });
    return { status: response.status, json: jsonOf(text), text };
  }

  return {
    exchanges,
    send: (request) => exchange(request, request),
    sendCard: (card, build) => exchange(build(card), build(masked(card))),
  };
}

function masked(card: CardInput): CardInput {
  return { ...card, number: `${card.number.slice(0, 6)}******${card.number.slice(-4)}`, cvc: '***' };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** JSON indented, forms a line for each field. */
function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return /^[\w.[\]%-]+=/.test(text) ? [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`).join('\n') : text;
  }
}
