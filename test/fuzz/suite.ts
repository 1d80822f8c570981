/**
 * Sends a dialect what its own description and bad intentions lead to, a few requests at a time, and looks at every answer. A seed repeats a run:
 * POLYGATE_SEED chooses it, POLYGATE_SOAK=1 sends ten times as much.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { dialects } from '../../src/dialects/registry.ts';
import type { Driver } from '../contract/driver.ts';
import { audit } from '../harness/auditor.ts';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { freshName } from '../harness/opp.ts';
import { findCardData } from '../harness/scrub.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { operationsOf } from './document.ts';
import { type FuzzRequest, fuzzRequest, oddPathRequests, type Recipe, type Sender } from './requests.ts';
import { exchangeRaw, headOf, type WireRequest } from './wire.ts';

/** Headers that say who asks, for the request as it is about to be sent. */
export type Credentials = (request: {
  readonly sender: Sender;
  readonly method: string;
  readonly target: string;
  readonly headers: FuzzRequest['headers'];
}) => Readonly<Record<string, string>>;

export interface FuzzTarget {
  readonly driver: Driver;
  readonly values?: Recipe['values'];
  readonly never?: readonly string[];
  readonly complete?: Recipe['complete'];
  /** Logs in, where the protocol has logins. */
  readonly begin: (stack: Stack, url: string) => Promise<Credentials>;
}

/** What is the other merchant's, and may not be told. */
interface Secrets {
  /** What the merchant wrote into the payment. */
  readonly marker: string;
  readonly ids: readonly string[];
}

const perDialect = process.env.POLYGATE_SOAK === '1' ? 4_000 : 400;
const seed = Number(process.env.POLYGATE_SEED ?? 20_261_121);
/** A payment may wait for an acquirer that does not answer, on a machine that does much else. */
const timeoutMs = 60_000;
const width = 6;

/** Makes the test of one dialect. */
export function fuzz(target: FuzzTarget): void {
  const name = target.driver.dialect;
  let stack: Stack | undefined;
  before(async () => {
    stack = await startStack({ env: { REQUESTS_PER_MINUTE: '1000000', STATUS_REQUESTS_PER_MINUTE: '1000' } });
  });
  after(() => stack?.stop());
  test(`${name}: no request breaks, hangs or tells what is another's`, async (context) => {
    if (stack === undefined) throw new Error('There is no stack.');
    const url = `http://127.0.0.1:${stack.config.port}`;
    const { recipe, secrets } = await prepare(target, stack, url);
    const credentials = await target.begin(stack, url);
    const byChance = fc.sample(fuzzRequest(recipe), { numRuns: perDialect, seed: seed | 0 });
    const requests = [...byChance, ...oddPathRequests(recipe, seed | 0)];
    const wrong = await sendAll({ stack, url, requests, credentials, secrets });
    for (const line of tallyOf(wrong.statuses, requests)) context.diagnostic(line);
    if (wrong.faults.length > 0) for (const line of stack.log().filter(isError).slice(0, 10)) context.diagnostic(line);
    assert.deepEqual(wrong.faults.slice(0, 10), [], `${wrong.faults.length} faults; POLYGATE_SEED=${seed} sends the same again`);
    await audit(stack);
  });
}

/** Payments of both merchants, so that there is something to find and something to hide. */
async function prepare(target: FuzzTarget, stack: Stack, url: string): Promise<{ readonly recipe: Recipe; readonly secrets: Secrets }> {
  const { driver, values = {}, never = [], complete = (body) => body } = target;
  const dialect = dialects.find(({ name }) => name === driver.dialect);
  const document = dialect?.describe('sandbox').document ?? {};
  const operations = operationsOf(document);
  assert.ok(operations.length > 0, `the description of ${driver.dialect} has no operation`);
  const marker = freshName('own').slice(0, 32);
  const card = () => ({ number: freshCardNumber(), cvc: '123' });
  const clientOf = (caller: 'demo' | 'other') => driver.connect({ url, caller, traces: stack.traces });
  const theirs = await clientOf('other').debit({ amount: 77_00, card: card(), description: marker, idempotencyKey: marker });
  assert.equal(theirs.outcome, 'approved', theirs.text);
  const mine = [
    await clientOf('demo').authorize({ amount: 50_00, card: card() }),
    await clientOf('demo').debit({ amount: 50_00, card: card() }),
  ];
  const own = await clientOf('other').read(theirs.handle ?? '');
  assert.ok(own.text.includes(marker), `the merchant's own reading has the reference, so that a leak would: ${own.text}`);
  // Numbers begin anew for each merchant: both have the same, and only words can be found out.
  const hidden = namesIn(theirs.handle).filter((id) => !/^[\d_]+$/.test(id));
  const pans = ['4111111111111111', '5555555555554444', freshCardNumber()];
  for (const pan of pans) stack.traces.pans.add(pan);
  const ids = [
    ...mine.flatMap(({ handle }) => namesIn(handle)),
    ...namesIn(theirs.handle),
    ...namesIn(driver.nothing.handle),
    driver.nothing.token,
  ];
  return { recipe: { document, operations, values, never, complete, pans, ids }, secrets: { marker, ids: hidden } };
}

/** The names in a handle that only one payment has. */
function namesIn(handle = ''): readonly string[] {
  return handle.split(/[ /]/).filter((part) => /\d/.test(part) && part.length >= 8);
}

interface Round {
  readonly stack: Stack;
  readonly url: string;
  readonly requests: readonly FuzzRequest[];
  readonly credentials: Credentials;
  readonly secrets: Secrets;
}

async function sendAll({ stack, url, requests, credentials, secrets }: Round) {
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
          return faultOf({ status, text, sent: sealed, secrets, pans: [...stack.traces.pans] });
        },
        (error: Error) => error.message,
      );
      if (fault !== undefined) faults.push(`${fault}\nrequest ${index}:\n${show(sealed)}`);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return { faults, statuses };
}

function seal({ sender, method, target, headers, body, mayGoUnanswered }: FuzzRequest, credentials: Credentials): WireRequest {
  const own = Object.entries(sender === 'nobody' ? {} : credentials({ sender, method, target, headers }));
  return { method, target, headers: [...own, ...headers], body, mayGoUnanswered };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly sent: WireRequest;
  readonly secrets: Secrets;
  readonly pans: readonly string[];
}

/** What is wrong with an answer; undefined: nothing. */
async function faultOf({ status, text, sent, secrets, pans }: Answered): Promise<string | undefined> {
  if (status === 0) return sent.mayGoUnanswered ? undefined : 'no answer';
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  const isNamed = status === 503 && /[a-z]{4}/i.test(body);
  if (status >= 500 && !isNamed) return `status ${status}: ${body.slice(0, 500)}`;
  if (text.includes(secrets.marker)) return `another merchant's reference: ${body.slice(0, 500)}`;
  const written = `${headOf(sent)}${sent.body.toString('latin1')}`;
  const told = secrets.ids.find((id) => text.includes(id) && !written.includes(id));
  if (told !== undefined) return `another merchant's id ${told}: ${body.slice(0, 500)}`;
  const [found] = await findCardData({ texts: [text], pans });
  return found === undefined ? undefined : `${found.what} ${found.masked}: ${body.slice(0, 500)}`;
}

/** Lines of the gateway's log about what it could not do (level 50 and up). */
const isError = (line: string): boolean => /"level":[56]0/.test(line);

/** The request as a string literal, cut where it is long. */
function show(sent: WireRequest): string {
  return JSON.stringify(`${headOf(sent)}${sent.body.toString('latin1')}`).slice(0, 3_000);
}

/** How many requests went where, and with which answers. */
function tallyOf(statuses: readonly number[], requests: readonly FuzzRequest[]): readonly string[] {
  const groups = Map.groupBy(requests.entries(), ([, { operation }]) => `${operation.method} ${operation.path}`);
  const lines = [...groups].map(([path, group]) => {
    const counts = Map.groupBy(group, ([index]) => statuses[index] ?? 0);
    const answers = [...counts].sort(([a], [b]) => a - b).map(([status, { length }]) => `${length} × ${status === 0 ? 'none' : status}`);
    return `${group.length} to ${path}: ${answers.join(', ')}`;
  });
  return [`${requests.length} requests, seed ${seed}`, ...lines.sort()];
}
