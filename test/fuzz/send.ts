/** Sends generated requests, a few at a time, and says what is wrong with the answers. */
import { findCardData } from '../harness/scrub.ts';
import type { Stack } from '../harness/stack.ts';
import type { FuzzRequest, Sender } from './requests.ts';
import { exchangeRaw, headOf, type WireRequest } from './wire.ts';

/** Headers that say who asks, for the request as it is about to be sent. */
export type Credentials = (request: {
  readonly sender: Sender;
  readonly method: string;
  readonly target: string;
  readonly headers: FuzzRequest['headers'];
}) => Readonly<Record<string, string>>;

/** One request, and what came of it. */
export interface Exchange {
  readonly sender: Sender;
  readonly sent: WireRequest;
  readonly status: number;
  /** Head and body of the answer. */
  readonly text: string;
}

export interface Round {
  readonly stack: Stack;
  readonly url: string;
  readonly requests: readonly FuzzRequest[];
  readonly credentials: Credentials;
  readonly hidden: { readonly always: readonly string[]; readonly unlessSent: readonly string[] };
  readonly faultOf?: (exchange: Exchange) => string | undefined;
  readonly isExplained?: (exchange: Exchange) => boolean;
}

/** A payment may wait for an acquirer that does not answer, on a machine that does much else. */
const timeoutMs = 60_000;
const width = 6;

/** Faults, each with its request; and the statuses, in the order of the requests. */
export async function sendAll(round: Round): Promise<{ readonly faults: readonly string[]; readonly statuses: readonly number[] }> {
  const { stack, url, requests, credentials } = round;
  const faults: string[] = [];
  const statuses: number[] = [];
  const waiting = requests.entries();
  const work = async (): Promise<void> => {
    for (const [index, request] of waiting) {
      const sealed = seal(request, credentials);
      const fault = await exchangeRaw(url, sealed, timeoutMs).then(
        async ({ status, text }) => {
          statuses[index] = status;
          stack.traces.answers.push(text);
          return faultIn({ sender: request.sender, sent: sealed, status, text }, round);
        },
        (error: Error) => error.message,
      );
      if (fault !== undefined) faults.push(`${fault}\nrequest ${index} of ${request.sender}:\n${show(sealed)}`);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return { faults, statuses };
}

function seal({ sender, method, target, headers, body, mayGoUnanswered }: FuzzRequest, credentials: Credentials): WireRequest {
  const own = Object.entries(sender === 'nobody' ? {} : credentials({ sender, method, target, headers }));
  return { method, target, headers: [...own, ...headers], body, mayGoUnanswered };
}

/** What is wrong with an answer; undefined: nothing. */
async function faultIn(exchange: Exchange, { stack, hidden, faultOf, isExplained = isNamed }: Round): Promise<string | undefined> {
  const { status, text, sent } = exchange;
  if (status === 0) return sent.mayGoUnanswered ? undefined : 'no answer';
  const body = bodyOf(text).slice(0, 500);
  if (status >= 500 && !isExplained(exchange)) return `status ${status}: ${body}`;
  const written = `${headOf(sent)}${sent.body.toString('latin1')}`;
  const told =
    hidden.always.find((word) => text.includes(word)) ?? hidden.unlessSent.find((id) => text.includes(id) && !written.includes(id));
  if (told !== undefined) return `what may not be told, ${told}: ${body}`;
  const [found] = await findCardData({ texts: [text], pans: [...stack.traces.pans] });
  return found === undefined ? faultOf?.(exchange) : `${found.what} ${found.masked}: ${body}`;
}

const isNamed = ({ status, text }: Exchange): boolean => status === 503 && /[a-z]{4}/i.test(bodyOf(text));

export function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

/** The request as a string literal, cut where it is long. */
function show(sent: WireRequest): string {
  return JSON.stringify(`${headOf(sent)}${sent.body.toString('latin1')}`).slice(0, 3_000);
}

/** How many requests went where, and with which answers. */
export function tallyOf(statuses: readonly number[], requests: readonly FuzzRequest[], seed: number): readonly string[] {
  const groups = Map.groupBy(requests.entries(), ([, { operation }]) => `${operation.method} ${operation.path}`);
  const lines = [...groups].map(([path, group]) => {
    const counts = Map.groupBy(group, ([index]) => statuses[index] ?? 0);
    const answers = [...counts].sort(([a], [b]) => a - b).map(([status, { length }]) => `${length} × ${status === 0 ? 'none' : status}`);
    return `${group.length} to ${path}: ${answers.join(', ')}`;
  });
  return [`${requests.length} requests, seed ${seed}`, ...lines.sort()];
}
