/** The stack with a client of the QorePay dialect that sends whatever it is told to, and looks at the answer as it came. */
import { after, before } from 'node:test';
import { auditAfterEach } from './auditor.ts';
import type { BrowserPage } from './form-browser.ts';
import { exchange, type RawRequest, type Reply } from './opp.ts';
import { authenticateAt } from './shopper.ts';
import { type Stack, startStack } from './stack.ts';
import { rememberCard } from './traces.ts';

export const demo = {
  brandId: '11111111-1111-4111-8111-111111111111',
  apiKey: 'sandbox-qorepay-api-key',
  s2sToken: 'sandbox-qorepay-s2s-token',
};
export const other = {
  brandId: '22222222-2222-4222-8222-222222222222',
  apiKey: 'sandbox-qorepay-api-key-2',
  s2sToken: 'sandbox-qorepay-s2s-token-2',
};

export type Caller = typeof demo;

/** Answers are read as whatever the test expects; what is not there is undefined. */
export interface Body {
  readonly [name: string]: Body & readonly Body[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Reply['headers'];
  readonly text: string;
  readonly body: Body;
}

export const idOf = ({ body }: Answer): string => String(body.id);
/** The code of an error, of a field or of the request as a whole. */
export const codeOf = ({ body }: Answer, field = '__all__'): Body | undefined => body[field]?.[0]?.code;

export interface QorepayCalls {
  readonly url: string;
  readonly parts: Stack;
  /** JSON to the API; without a body nothing is sent. */
  api(
    method: string,
    path: string,
    body?: unknown,
    more?: { readonly as?: Caller; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  send(request: RawRequest): Promise<Answer>;
  /** A purchase as the seed makes it; `more` replaces. */
  create(more?: object): Promise<Answer>;
  /** Card data from the merchant's server. */
  s2s(purchase: Answer | string, card?: object, more?: { readonly as?: Caller; readonly token?: string }): Promise<Answer>;
  /** The payer's browser through the proxy; the page at which a form takes it back to the merchant. */
  authenticate(
    challenge: Answer,
    more?: { readonly code?: string; readonly act?: string; readonly method?: 'GET' | 'POST' },
  ): Promise<BrowserPage>;
  /** PaRes and MD to an address, as a form. */
  post(url: string, fields: Readonly<Record<string, string>>, headers?: Record<string, string>): Promise<Answer>;
  read(id: string): Promise<Body>;
}

export const cards = { plain: '4444333322221111', challenged: '5555555555554444', frictionless: '4200000000000091' };

export function seedPurchase(more: object = {}): object {
  return {
    brand_id: demo.brandId,
    client: { email: 'ada@example.com' },
    purchase: { currency: 'NGN', products: [{ name: 'Dog food Max', quantity: 1, price: 9000 }] },
    failure_redirect: 'http://brand.example/failed-payment',
    success_redirect: 'http://brand.example/success-payment',
    ...more,
  };
}

export function seedCard(more: object = {}): object {
  return {
    ...{ cardholder_name: 'John Doe', card_number: cards.plain, expires: '01/34', cvc: '123', remember_card: 'off', remote_ip: '8.8.8.8' },
    ...{ user_agent: 'Mozilla/5.0 (X11; Linux x86_64)', accept_header: 'text/html', language: 'en-US', java_enabled: false },
    ...{ javascript_enabled: true, color_depth: 24, utc_offset: 0, screen_width: 1920, screen_height: 1080 },
    ...more,
  };
}

export const termUrl = 'http://127.0.0.1:9/back';

/** The stack of a test file: started before its tests, audited after each, ended after the last. */
export function useQorepayStack(options: Parameters<typeof startStack>[0] = {}): QorepayCalls {
  let running: Stack | undefined;
  const started = (): Stack => {
    if (running === undefined) throw new Error('The stack runs only while tests do.');
    return running;
  };
  before(async () => {
    running = await startStack(options);
  });
  auditAfterEach(() => running);
  after(async () => running?.stop());
  const urlOf = () => `http://127.0.0.1:${started().config.port}`;
  const send = async (request: RawRequest): Promise<Answer> => {
    const { status, headers, text } = await exchange(urlOf(), request);
    started().traces.answers.push(text);
    const isJson = headers['content-type']?.startsWith('application/json') === true;
    return { status, headers, text, body: (isJson ? JSON.parse(text) : {}) as Body };
  };
  const json = { 'content-type': 'application/json' };
  const calls: QorepayCalls = {
    get url() {
      return urlOf();
    },
    get parts() {
      return started();
    },
    send,
    api: (method, path, body, { as = demo, headers = {} } = {}) =>
      send({
        ...{ method, path: `/api/v1/${path}`, headers: { authorization: `Bearer ${as.apiKey}`, ...json, ...headers } },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    create: (more) => calls.api('POST', 'purchases/', seedPurchase(more)),
    s2s(purchase, card = {}, { as = demo, token = as.s2sToken } = {}) {
      const sent = seedCard(card) as { readonly card_number?: string; readonly cvc?: string };
      rememberCard(started().traces, { pan: sent.card_number, cvc: sent.cvc });
      const path = typeof purchase === 'string' ? purchase : new URL(String(purchase.body.direct_post_url)).pathname;
      return send({
        ...{ method: 'POST', path: `${path}?s2s=true`, headers: { authorization: `Bearer ${token}`, ...json } },
        body: JSON.stringify(sent),
      });
    },
    authenticate({ body }, { code = '1234', act = 'confirm', method = 'POST' } = {}) {
      const fields = { PaReq: String(body.PaReq), MD: String(body.MD), TermUrl: termUrl };
      const parameters = Object.entries(fields).map(([name, value]) => ({ name, value }));
      return authenticateAt({ url: String(body.URL), method, parameters }, { code, act });
    },
    post(url, fields, headers = {}) {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      return send({
        method: 'POST',
        path: new URL(url).pathname,
        headers: { ...type, ...headers },
        body: new URLSearchParams(fields).toString(),
      });
    },
    read: async (id) => (await calls.api('GET', `purchases/${id}/`)).body,
  };
  return calls;
}

/** The form that takes the browser back to the merchant. */
export function wayBack({ forms, html }: BrowserPage): { readonly action: string; readonly fields: Readonly<Record<string, string>> } {
  const form = forms.find(({ fields }) => 'PaRes' in fields);
  if (form === undefined) throw new Error(`expected a form with PaRes in ${html}`);
  return form;
}
