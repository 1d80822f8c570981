/** The stack with a client of the tZero dialect, and its shopper: a browser that follows a payment's address to its end. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditAfterEach } from './auditor.ts';
import { openPage, postForm, submit } from './form-browser.ts';
import { exchange, freshName, type RawRequest } from './opp.ts';
import { eventually } from './processes.ts';
import { type Stack, startStack } from './stack.ts';
import { rememberCard, type Traces } from './traces.ts';

/** Published with the sandbox, so written here by hand: a test would not notice a change that it imports. */
export const demo = { channel: 'ch_demo', key: 'sk_0123456789abcdef0123456789abcdef' };
export const other = { channel: 'ch_other', key: 'sk_fedcba9876543210fedcba9876543210' };
export const demoCallbackSecret = 'whsec_0123456789abcdef0123456789abcdef';

export interface TzeroReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // Answers are read as deeply nested members; what is not there reads as undefined.
  readonly body: Nested;
}

export interface Nested {
  readonly [name: string]: Nested & string;
}

/** Members of an answer that are a list. */
export function listIn(body: Nested, name: string): readonly Nested[] {
  return (body[name] ?? []) as unknown as readonly Nested[];
}

export type Json = { readonly [name: string]: unknown };

export interface Sending {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, with its card data and its answer in the traces. */
export async function sendTzero(
  url: string,
  traces: Traces,
  { method = 'POST', path, body, key = demo.key, headers = {} }: Sending,
): Promise<TzeroReply> {
  const { payment_method: card } = (body ?? {}) as { readonly payment_method?: { readonly number?: string; readonly cvc?: string } };
  rememberCard(traces, { pan: String(card?.number), cvc: String(card?.cvc) });
  const request: RawRequest = {
    ...{ method, path },
    headers: {
      ...(key === '' ? {} : { 'x-secret-key': key }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  };
  const reply = await exchange(url, request);
  traces.answers.push(reply.text);
  return reply as unknown as TzeroReply;
}

export const device: Json = {
  ...{ ip_address: '192.0.2.1', accept_header: 'text/html', screen_colorDepth: '24', javaEnabled: 'false', language: 'en' },
  ...{ screenHeight: '900', screenWidth: '1440', timezone: '0', challengeWindow: '5', userAgent: 'Mozilla/5.0' },
};

export const card = (number: string, more: Json = {}): Json => ({
  ...{
    type: 'card',
    number,
    expiry_month: 12,
    expiry_year: 2077,
    cvc: '123',
    name: { first_name: 'Ada', last_name: 'Example', middle_name: '' },
  },
  ...more,
});

/** A payment of the customer that is approved; `more` replaces, and removes with undefined. */
export function order(more: Json = {}): Json {
  return {
    ...{
      channel: demo.channel,
      amount: 1250,
      currency: 'USD',
      reference: freshName('ord'),
      payment_method: card('4111111111111111'),
      device_info: device,
    },
    ...more,
  };
}

interface Page {
  readonly status: number;
  readonly html: string;
  readonly refresh: string | null;
  readonly location: string | null;
}

async function load(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
  const response = await fetch(url, {
    redirect: 'manual',
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  const html = await response.text();
  return { status: response.status, html, refresh: response.headers.get('refresh'), location: response.headers.get('location') };
}

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const unescaped = (text: string): string => text.replace(/&#([0-9]+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));

function formsOf({ html }: Page, base: string): readonly Form[] {
  const attribute = (tag: string, name: string) => unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => ({
    action: new URL(attribute(head, 'action'), base).href,
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => [attribute(input, 'name'), attribute(input, 'value')]),
    ),
  }));
}

export interface ShopperOptions {
  /** The one-time code that is typed. */
  readonly code?: string;
  /** Presses the other button of the page that asks to confirm. */
  readonly cancels?: boolean;
  /** Told of every step: `method`, `challenge`, `confirm`. */
  readonly onStep?: (step: string) => void;
}

/** Does whatever the pages ask until the browser is sent out of the gateway; returns where to. */
export async function shop(
  pageUrl: string,
  { code = '1234', cancels = false, onStep = () => undefined }: ShopperOptions = {},
): Promise<string> {
  let left: string | undefined;
  await eventually(async () => {
    left = await takeStep(pageUrl, { code, cancels, onStep });
    return left !== undefined;
  }, `the end of ${pageUrl}`);
  return left ?? '';
}

async function takeStep(pageUrl: string, { code, cancels, onStep }: Required<ShopperOptions>): Promise<string | undefined> {
  const page = await load(pageUrl);
  if (page.location !== null) return page.location;
  if (page.refresh !== null) return undefined;
  const forms = formsOf(page, pageUrl);
  const having = (field: string, value?: string) =>
    forms.find(({ fields }) => field in fields && (value === undefined || fields[field] === value));
  const method = having('threeDSMethodData');
  if (method !== undefined) {
    onStep('method');
    const [report] = formsOf(await load(method.action, method.fields), method.action);
    if (report !== undefined) await load(report.action, report.fields);
    return undefined;
  }
  const challenge = having('creq');
  if (challenge !== undefined) {
    onStep('challenge');
    // The issuer's own pages lead on within the issuer; the last form leads back here.
    const answered = await submit(await postForm(challenge.action, challenge.fields), { code, act: 'confirm' });
    for (const { action, fields } of answered.forms) await load(action, fields);
    return undefined;
  }
  const answer = having('event', cancels ? 'cancelled' : 'confirmed');
  if (answer === undefined) throw new Error(`nothing to do on ${page.status} ${page.html}`);
  onStep('confirm');
  await load(answer.action, answer.fields);
  return undefined;
}

/** Enters a card on the hosted page, as a browser without scripts does. */
export async function payOn(url: string): Promise<void> {
  const page = await openPage(url);
  const form = page.forms.find(({ fields }) => 'cardnumber' in fields);
  assert.ok(form !== undefined, page.html);
  const typed = { method: 'card', cardnumber: '4111111111111111', 'exp-date': '12/39', cvc: '123', ccname: 'Ada Example' };
  await postForm(form.action, { ...form.fields, ...typed });
}

/** A client on a stack, with its books. */
export interface TzeroCalls {
  readonly url: string;
  readonly parts: Stack;
  send(sending: Sending): Promise<TzeroReply>;
  authorise(body: Json, more?: Pick<Sending, 'key' | 'headers'>): Promise<TzeroReply>;
  read(id: string, more?: Pick<Sending, 'key'>): Promise<TzeroReply>;
  /** Begins a payment and lets its shopper finish it; the payment as it then is. */
  pay(body: Json, options?: ShopperOptions): Promise<TzeroReply>;
}

/** The stack of a test file: started before its tests, audited after each of them, ended after the last. */
export function useTzero(
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly webhooks?: boolean;
    readonly onStart?: (stack: Stack) => Promise<void>;
  } = {},
): TzeroCalls {
  let running: Stack | undefined;
  const started = (): Stack => {
    if (running === undefined) throw new Error('The stack runs only while tests do.');
    return running;
  };
  before(async () => {
    running = await startStack({ env: options.env ?? {}, webhooks: options.webhooks ?? false });
    await options.onStart?.(running);
  });
  auditAfterEach(() => running);
  after(async () => running?.stop());
  const urlOf = () => `http://127.0.0.1:${started().config.port}`;
  const send = (sending: Sending) => sendTzero(urlOf(), started().traces, sending);
  const read: TzeroCalls['read'] = (id, more = {}) => send({ method: 'GET', path: `/payment/${id}`, ...more });
  return {
    get url() {
      return urlOf();
    },
    get parts() {
      return started();
    },
    send,
    read,
    authorise: (body, more = {}) => send({ path: '/payment/authorise', body, ...more }),
    async pay(body, shopper) {
      const begun = await send({ path: '/payment/authorise', body });
      assert.equal(begun.status, 201, begun.text);
      await shop(begun.body.redirect_url ?? '', shopper);
      return read(begun.body.id ?? '');
    },
  };
}
