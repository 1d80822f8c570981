/** The console API: requests that its own description leads to, of every role and of nobody, against books in which something has happened. */
import assert from 'node:assert/strict';
import { describeConsole } from '../src/console-api/openapi.ts';
import type { ConsoleParts } from '../src/console-api/parts.ts';
import { consoleRoutes } from '../src/console-api/routes.ts';
import { mayAct, type Role } from '../src/core/operator/operator.ts';
import { dialects } from '../src/dialects/registry.ts';
import { bodyOf, type Exchange } from './fuzz/send.ts';
import { fuzzApi } from './fuzz/suite.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import {
  assertDescribed,
  type ConsoleBody,
  type ConsoleClient,
  type ConsoleDocument,
  type ConsoleMethod,
  createConsoleClient,
  moveClock,
  operatorKey,
  viewerKey,
} from './harness/console.ts';
import { pending, succeeded } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import type { Stack } from './harness/stack.ts';

const routes = consoleRoutes({ dialects } as unknown as ConsoleParts);
const document = describeConsole(routes, 'sandbox').document as object & ConsoleDocument;
const demoMerchant = '00000000-0000-7000-8000-000000000001';

/** What is sent as a key, and what is never told: an operator's name is one thing, the key another. */
async function keysOf(client: ConsoleClient): Promise<Readonly<Record<string, string>>> {
  const made = await client.done('post', '/operators', { body: { name: 'Olga', role: 'operator' } });
  return { admin: operatorKey, operator: String(made.key), viewer: viewerKey, wrong: 'nobody-s-key' };
}

/** Something of each kind. */
async function fill(stack: Stack, url: string, client: ConsoleClient): Promise<void> {
  const { api, host } = stack;
  const email = 'ada@shop.example';
  const body = { subject: 'email', value: email, action: 'review' };
  await client.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id: demoMerchant }, body });
  const held = await api.pay({ type: 'PA', amount: '50.00', card: freshCardNumber() });
  const captured = await api.operate(held.id, { type: 'CP', amount: '30.00' });
  await api.operate(captured.id, { type: 'RF', amount: '10.00' });
  const card = freshCardNumber();
  assert.equal((await api.pay({ amount: '12.50', card })).code, succeeded);
  const dispute = await host.dispute({ pan: card, amount: 1250, reason: '10.4' });
  await eventually(
    async () => (await host.disputes()).some(({ id, chargebackAnswer }) => id === dispute.id && chargebackAnswer !== undefined),
    'the dispute',
  );
  await moveClock(url, 86_400);
  await host.addFault({ fault: 'no_answer', pan: card, mti: '0200', times: 100 });
  await host.addFault({ fault: 'no_answer', pan: card, mti: '0420', times: 100 });
  assert.equal((await api.pay({ amount: '12.50', card })).code, pending);
  await eventually(async () => {
    await stack.database.query(`update polygate.operation set resolve_attempts = 100, resolve_at = now() where state = 'unknown'`);
    return ((await client.done('get', '/escalations')).items ?? []).length > 0;
  }, 'an operation that waits for an operator');
  await host.clearFaults();
  await eventually(async () => {
    await api.pay({ amount: '12.50', card: freshCardNumber(), more: { 'customer.email': email } });
    return ((await client.done('get', '/reviews')).items ?? []).length > 0;
  }, 'a payment that is held for review');
}

/** Every id that the lists tell, by its name. */
async function idsIn(client: ConsoleClient): Promise<Readonly<Record<string, readonly string[]>>> {
  const found = new Map<string, Set<string>>();
  for (const { kind, method, at } of routes) {
    if (kind !== 'list' || at.includes(':')) continue;
    const { items } = await client.done(method, at, { query: at === '/ledger/entries' ? { merchant_id: demoMerchant } : {} });
    for (const item of items ?? []) {
      for (const [name, value] of Object.entries(item as ConsoleBody)) {
        if (name.endsWith('_id') && typeof value === 'string') found.set(name, (found.get(name) ?? new Set()).add(value));
      }
    }
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, [...values].slice(0, 8)]));
}

interface Described {
  readonly method: ConsoleMethod;
  readonly path: string;
  readonly pattern: RegExp;
  readonly role: Role;
}

const described: readonly Described[] = routes.map(({ method, at, role }) => ({
  ...{ method, role },
  path: at.replaceAll(/:(\w+)/g, '{$1}'),
  pattern: new RegExp(`^/console-api${at.replaceAll(/:\w+/g, '[^/]{1,256}')}(\\?.*)?$`, 's'),
}));

/** What is no HTTP, or has no path that can be read, belongs to no part of the server. */
const unreadable =
  /^HTTP\/1\.1 (?:400 [\s\S]*(?:"(?:unreadable|incomplete)_request"|"The path of this URL cannot be read[^"]*")|4(?:17|31) )/;

/** A role that did what it may not, or an answer that the document does not have. */
function faultOf({ sender, sent, status, text }: Exchange): string | undefined {
  const asked = described.find(({ method, pattern }) => method === sent.method.toLowerCase() && pattern.test(sent.target));
  const body = bodyOf(text);
  const isDone = status < 400;
  if (asked === undefined)
    return isDone && sent.target.startsWith('/console-api') && sent.method !== 'OPTIONS'
      ? `${status}, though there is no such route: ${body}`
      : undefined;
  const role = sender === 'nobody' || sender === 'wrong' ? undefined : (sender as Role);
  if (isDone && (role === undefined || !mayAct(role, asked.role))) return `${sender} did what needs ${asked.role}: ${body.slice(0, 500)}`;
  const [, type = ''] = /\r\ncontent-type: ([^;\r]+)/i.exec(text) ?? [];
  if (unreadable.test(text)) return undefined;
  if (!isDone && type !== 'application/problem+json') return `a problem of another form: ${text.slice(0, 500)}`;
  try {
    const read = (type.endsWith('json') ? JSON.parse(body) : {}) as ConsoleBody;
    assertDescribed(document, { ...asked, type, reply: { status, text: body, body: read } });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the gateway has tried and could not do. */
function isExplained({ status, text }: Exchange): boolean {
  return (status === 502 && text.includes('"endpoint_failed"')) || (status === 503 && text.includes('"due_work_not_done"'));
}

fuzzApi({
  name: 'console API',
  ...{ document, webhooks: true, usually: { byChance: 320, everyOddPath: 20 } },
  recipe: {
    values: { advance_seconds: [1, 3_600], merchant_id: [demoMerchant], sequence: ['1', '2'] },
    never: [],
    // The host has never heard of what waits for a decision: to approve it would be the operator's error, and the books would differ for good.
    complete: (body, path) => (path.includes('/escalations/') && body.decision === 'approved' ? { ...body, decision: 'undone' } : body),
    // Most of what can break is behind the admin's key.
    callers: ['admin', 'admin', 'admin', 'operator', 'viewer'],
  },
  async prepare(stack, url) {
    const client = createConsoleClient(() => url);
    await fill(stack, url, client);
    const values = await idsIn(client);
    for (const name of [
      'payment_id',
      'operation_id',
      'dispute_id',
      'endpoint_id',
      'settlement_id',
      'channel_id',
      'rule_id',
      'credential_id',
    ])
      assert.ok(values[name] !== undefined, `there is a ${name}`);
    // The operator's own key comes after the ids were read, so that no request ends it.
    const keys = await keysOf(client);
    return {
      ids: Object.values(values).flat(),
      values: { ...values, merchant_id: [demoMerchant, ...(values.merchant_id ?? [])] },
      hidden: { always: Object.values(keys), unlessSent: [] },
      credentials: ({ sender }) => ({ authorization: `Bearer ${keys[sender] ?? ''}` }),
      ...{ faultOf, isExplained },
    };
  },
});
