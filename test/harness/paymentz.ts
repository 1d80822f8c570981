/** A client of the Paymentz dialect: logs in, signs, and sends whatever it is told to. Keys and formulas are written by hand. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { auditAfterEach } from './auditor.ts';
import { encode, exchange, freshName, type Parameters, type Reply } from './opp.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';
import { rememberCard, type Traces } from './traces.ts';

export interface Member {
  readonly memberId: string;
  readonly key: string;
  readonly terminalId: string;
}

export const demoMember: Member = { memberId: '10001', key: '0123456789abcdef0123456789abcdef', terminalId: '1001' };
export const otherMember: Member = { memberId: '10002', key: 'fedcba9876543210fedcba9876543210', terminalId: '1002' };

export const rest = '/transactionServices/REST/v1';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

export const md5 = (...fields: readonly string[]): string => createHash('md5').update(fields.join('|')).digest('hex');

/** A debit that is approved; `more` replaces and removes. */
export function purchase(more: Parameters = {}): Parameters {
  return {
    merchantTransactionId: freshName('order'),
    amount: '12.50',
    currency: 'EUR',
    paymentBrand: 'VISA',
    paymentMode: 'CC',
    paymentType: 'DB',
    'card.number': '4111111111111111',
    'card.expiryMonth': '12',
    'card.expiryYear': '2034',
    'card.cvv': '123',
    'customer.givenName': 'Ada',
    'customer.surname': 'Example',
    'customer.email': 'ada@shop.example',
    ...more,
  };
}

/** A browser as a shop describes it. */
export const deviceDetails: Parameters = {
  'deviceDetails.user_Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'deviceDetails.browserLanguage': 'en-GB',
  'deviceDetails.browserTimezoneOffset': '-60',
  'deviceDetails.browserColorDepth': '24',
  'deviceDetails.browserAcceptHeader': 'text/html',
  'deviceDetails.browserScreenHeight': '1080',
  'deviceDetails.browserScreenWidth': '1920',
  'deviceDetails.browserJavaEnabled': 'False',
  'customer.ip': '192.0.2.7',
};

export interface PaymentzOptions {
  readonly url: string;
  readonly traces: Traces;
  readonly member: Member;
  /** What gives the header instead of the member's login; empty: none. */
  readonly token?: () => Promise<string>;
}

export interface PaymentzClient {
  readonly member: Member;
  token(): Promise<string>;
  /** As it is, with the token and nothing else. */
  send(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** A signed form: `sum` is what its checksum is made over, where `key` stands for the member's key. */
  post(path: string, sum: readonly string[], parameters: Parameters, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  pay(parameters?: Parameters, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  act(id: string, paymentType: 'CP' | 'RF' | 'RV' | 'IN', more?: Parameters): Promise<Reply>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
}

/** In place of the member's id and key, in sums. */
export const who = '\u0000who';
export const key = '\u0000key';

export function createPaymentzClient({ url, traces, member, token: given }: PaymentzOptions): PaymentzClient {
  let loggedIn: Promise<string> | undefined;
  const raw = async (method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Reply> => {
    const reply = await exchange(url, { method, path, headers, body });
    traces.answers.push(reply.text);
    return reply;
  };
  const logIn = async (): Promise<string> => {
    const login = { 'authentication.memberId': member.memberId, 'authentication.sKey': member.key };
    const reply = await exchange(url, { method: 'POST', path: `${rest}/authToken`, headers: form, body: encode(login) });
    return reply.body.AuthToken ?? 'none';
  };
  const token = () => {
    loggedIn ??= (given ?? logIn)();
    return loggedIn;
  };
  const authorized = async (): Promise<Record<string, string>> => {
    const held = await token();
    return held === '' ? {} : { AuthToken: held };
  };
  const sumOf = (fields: readonly string[]) =>
    md5(...fields.map((field) => (field === who ? member.memberId : field === key ? member.key : field)));
  const client: PaymentzClient = {
    ...{ member, token },
    send: async (path, body, headers = form) => raw('POST', path, { ...(await authorized()), ...headers }, body),
    get: async (path, headers = {}) => raw('GET', path, { ...(await authorized()), ...headers }),
    post: async (path, sum, parameters, headers = {}) => {
      rememberCard(traces, { pan: parameters['card.number'], cvc: parameters['card.cvv'] });
      const signed = { 'authentication.memberId': member.memberId, 'authentication.checksum': sumOf(sum), ...parameters };
      return client.send(path, encode(signed), { ...form, ...headers });
    },
    pay: async (parameters = purchase(), headers = {}) =>
      client.post(
        `${rest}/payments`,
        [who, key, parameters.merchantTransactionId ?? '', parameters.amount ?? ''],
        { 'authentication.terminalId': member.terminalId, ...parameters },
        headers,
      ),
    act: async (id, paymentType, more = {}) => {
      const withAmount = paymentType === 'CP' || paymentType === 'RF';
      return client.post(`${rest}/payments/${id}`, [who, key, id, ...(withAmount ? [more.amount ?? ''] : [])], { paymentType, ...more });
    },
  };
  return client;
}

export interface PaymentzStack {
  readonly parts: Stack;
  readonly url: string;
  /** The demo merchant. */
  readonly demo: PaymentzClient;
  readonly other: PaymentzClient;
  clientOf(options: Omit<PaymentzOptions, 'url' | 'traces'>): PaymentzClient;
}

/** The stack of a test file: started before its tests, audited after each of them, ended after the last. */
export function usePaymentzStack(options: StackOptions = {}): PaymentzStack {
  let running: { readonly stack: Stack; readonly demo: PaymentzClient; readonly other: PaymentzClient } | undefined;
  const started = () => {
    if (running === undefined) throw new Error('The stack runs only while tests do.');
    return running;
  };
  const clientOn = (stack: Stack, more: Omit<PaymentzOptions, 'url' | 'traces'>) =>
    createPaymentzClient({ url: `http://127.0.0.1:${stack.config.port}`, traces: stack.traces, ...more });
  before(async () => {
    const stack = await startStack(options);
    running = { stack, demo: clientOn(stack, { member: demoMember }), other: clientOn(stack, { member: otherMember }) };
  });
  auditAfterEach(() => running?.stack);
  after(async () => running?.stack.stop());
  return {
    get parts() {
      return started().stack;
    },
    get url() {
      return `http://127.0.0.1:${started().stack.config.port}`;
    },
    get demo() {
      return started().demo;
    },
    get other() {
      return started().other;
    },
    clientOf: (more) => clientOn(started().stack, more),
  };
}

/** Asserts the result and the statuses, and returns the reply. */
export function expectResult(reply: Reply, code: string, status?: string, transactionStatus?: string): Reply {
  assert.equal(reply.code, code, reply.text);
  if (status !== undefined) assert.equal(reply.body.status, status, reply.text);
  if (transactionStatus !== undefined) assert.equal(reply.body.transactionStatus, transactionStatus, reply.text);
  return reply;
}
