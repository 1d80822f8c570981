/**
 * Sends an API what its own description and bad intentions lead to, a few requests at a time, and looks at every answer. A seed repeats a run:
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
import { type Stack, startStack } from '../harness/stack.ts';
import { cardNumberRequests } from './card-numbers.ts';
import { operationsOf } from './document.ts';
import { fuzzRequest, oddPathRequests, type Recipe } from './requests.ts';
import { type Credentials, type Exchange, sendAll, tallyOf } from './send.ts';

/** What one API wants to be tried with. */
export interface FuzzedApi {
  readonly name: string;
  /** OpenAPI. */
  readonly document: object;
  readonly webhooks?: boolean;
  /** How many by chance in a usual run, and every how many-th of those with an odd name in the path; ten times as many, and all, in a long one. */
  readonly usually?: { readonly byChance: number; readonly everyOddPath: number };
  readonly recipe?: Partial<Pick<Recipe, 'values' | 'never' | 'complete' | 'callers'>>;
  readonly prepare: (stack: Stack, url: string) => Promise<Prepared>;
}

/** What there is to find and to hide, and how to ask for it. */
export interface Prepared {
  /** Names that stand in paths. */
  readonly ids: readonly string[];
  /** Good values beside those of the recipe. */
  readonly values?: Recipe['values'];
  /** What no answer may say; and what none may unless its request did. */
  readonly hidden: { readonly always: readonly string[]; readonly unlessSent: readonly string[] };
  readonly credentials: Credentials;
  /** What else is wrong with an answer, and whether one with 5xx says in the API's own words why it could not be otherwise. */
  readonly faultOf?: (exchange: Exchange) => string | undefined;
  readonly isExplained?: (exchange: Exchange) => boolean;
}

export interface FuzzTarget {
  readonly driver: Driver;
  readonly values?: Recipe['values'];
  readonly never?: readonly string[];
  readonly complete?: Recipe['complete'];
  /** Logs in, where the protocol has logins. */
  readonly begin: (stack: Stack, url: string) => Promise<Credentials>;
}

const isLong = process.env.POLYGATE_SOAK === '1';
const seed = Number(process.env.POLYGATE_SEED ?? 20_261_121);

const documents = new Map(
  await Promise.all(dialects.map(async ({ name, loadApi }) => [name, (await loadApi()).describe('sandbox').document] as const)),
);

/** Makes the test of one dialect. */
export function fuzz({ driver, values = {}, never = [], complete = (body) => body, begin }: FuzzTarget): void {
  fuzzApi({
    name: driver.dialect,
    document: documents.get(driver.dialect) ?? {},
    recipe: { values, never, complete },
    prepare: async (stack, url) => ({ ...(await payments(driver, stack, url)), credentials: await begin(stack, url) }),
  });
}

/** Makes the test of one API. */
export function fuzzApi(api: FuzzedApi): void {
  const { name, document, webhooks = false, usually = { byChance: 400, everyOddPath: 1 } } = api;
  const { values = {}, never = [], complete = (body: Readonly<Record<string, unknown>>) => body, callers = ['demo'] } = api.recipe ?? {};
  let stack: Stack | undefined;
  before(async () => {
    stack = await startStack({ webhooks, env: { REQUESTS_PER_MINUTE: '1000000', STATUS_REQUESTS_PER_MINUTE: '1000' } });
  });
  after(() => stack?.stop());
  test(`${name}: no request breaks, hangs or tells what is another's`, async (context) => {
    if (stack === undefined) throw new Error('There is no stack.');
    const url = `http://127.0.0.1:${stack.config.port}`;
    const operations = operationsOf(document);
    assert.ok(operations.length > 0, `the description of ${name} has no operation`);
    const { ids, ...prepared } = await api.prepare(stack, url);
    const pans = ['4111111111111111', '5555555555554444', freshCardNumber()];
    for (const pan of pans) stack.traces.pans.add(pan);
    const recipe = { ...{ document, operations, never, complete, callers, pans, ids }, values: { ...values, ...prepared.values } };
    const byChance = fc.sample(fuzzRequest(recipe), { numRuns: usually.byChance * (isLong ? 10 : 1), seed: seed | 0 });
    const oddPaths = oddPathRequests(recipe, seed | 0).filter((_, index) => isLong || (index + seed) % usually.everyOddPath === 0);
    const requests = [...byChance, ...oddPaths, ...cardNumberRequests(recipe, seed | 0)];
    const wrong = await sendAll({ ...prepared, stack, url, requests });
    for (const line of tallyOf(wrong.statuses, requests, seed)) context.diagnostic(line);
    if (wrong.faults.length > 0) for (const line of stack.log().filter(isError).slice(0, 10)) context.diagnostic(line);
    assert.deepEqual(wrong.faults.slice(0, 10), [], `${wrong.faults.length} faults; POLYGATE_SEED=${seed} sends the same again`);
    await audit(stack);
  });
}

/** Payments of both merchants, so that there is something to find and something to hide. */
async function payments(driver: Driver, stack: Stack, url: string): Promise<Pick<Prepared, 'ids' | 'hidden'>> {
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
  const unlessSent = namesIn(theirs.handle).filter((id) => !/^[\d_]+$/.test(id));
  const ids = [
    ...mine.flatMap(({ handle }) => namesIn(handle)),
    ...namesIn(theirs.handle),
    ...namesIn(driver.nothing.handle),
    driver.nothing.token,
  ];
  return { ids, hidden: { always: [marker], unlessSent } };
}

/** The names in a handle that only one payment has. */
function namesIn(handle = ''): readonly string[] {
  return handle.split(/[ /]/).filter((part) => /\d/.test(part) && part.length >= 8);
}

/** Lines of the gateway's log about what it could not do (level 50 and up). */
const isError = (line: string): boolean => /"level":[56]0/.test(line);
