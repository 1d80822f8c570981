/** The stack with a client of the PAYONE dialect, for one test file. */
import { after, before } from 'node:test';
import { auditAfterEach } from './auditor.ts';
import { freshCardNumber } from './card-numbers.ts';
import { cardData, demo, exchangePayone, type Nested, type PayoneReply, type PayoneRequest } from './payone.ts';
import { eventually } from './processes.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';

export interface PayoneStack {
  readonly url: string;
  readonly parts: Stack;
  send(request: PayoneRequest): Promise<PayoneReply>;
  post(path: string, body?: unknown, key?: string): Promise<PayoneReply>;
  get(path: string): Promise<PayoneReply>;
  /** A payment of 12.50 EUR with a fresh card; `input` replaces parts of the card's input, `more` parts of the body. */
  pay(input?: object, more?: object): Promise<PayoneReply>;
  card(number?: string, cvv?: string): object;
  /** Reads a payment until it has this number. */
  becomes(id: string, code: number): Promise<Nested>;
}

/** Begins a test file: the stack starts before the first test, and the auditor comes after each. */
export function usePayoneStack(options: StackOptions = {}): PayoneStack {
  let stack: Stack | undefined;
  before(async () => {
    stack = await startStack(options);
  });
  auditAfterEach(() => stack);
  after(() => stack?.stop());
  const parts = (): Stack => {
    if (stack === undefined) throw new Error('There is no stack yet.');
    return stack;
  };
  const urlOf = () => `http://127.0.0.1:${parts().config.port}`;
  const send = (request: PayoneRequest) => exchangePayone(urlOf(), parts().traces, { caller: demo, merchantId: demo.merchantId, request });
  const card = (number = freshCardNumber(), cvv = '123') => cardData(parts().traces, { number, cvv });
  return {
    get url() {
      return urlOf();
    },
    get parts() {
      return parts();
    },
    send,
    card,
    post: (path, body, key) =>
      send({ method: 'POST', path, ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) }),
    get: (path) => send({ method: 'GET', path }),
    pay: (input = {}, more = {}) =>
      send({
        method: 'POST',
        path: '/payments',
        body: {
          order: { amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order 1' } },
          cardPaymentMethodSpecificInput: { returnUrl: 'https://shop.example/back', card: card(), ...input },
          ...more,
        },
      }),
    async becomes(id, code) {
      let body: Nested = {};
      const is = async () => {
        ({ body } = await send({ method: 'GET', path: `/payments/${id}` }));
        return Number(body.statusOutput?.statusCode) === code;
      };
      await eventually(is, `${id} to have the number ${code}`);
      return body;
    },
  };
}

export const codeIn = (body: Nested | undefined): number => Number((body?.payment ?? body)?.statusOutput?.statusCode);
