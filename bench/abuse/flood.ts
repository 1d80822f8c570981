/** The floods: what each connection of an attacker does, over and over. */
import type { MerchantAccess } from '../requests.ts';

export const floodNames = ['strangers', 'guesses', 'excess', 'bodies', 'slowloris', 'readers'] as const;
export type FloodName = (typeof floodNames)[number];

export const floodTitles: Readonly<Record<FloodName, string>> = {
  strangers: 'strangers: requests without credentials',
  guesses: 'guesses: wrong passwords of honest merchants',
  excess: 'excess: one merchant sells as fast as it can',
  bodies: 'bodies: requests of a hundred megabytes, and without an end',
  slowloris: 'slowloris: heads and bodies that never end, a little at a time',
  readers: 'readers: many requests, and no answer is taken',
};

/** What the bench tells the process of the attacker. */
export interface FloodPlan {
  readonly flood: FloodName;
  readonly port: number;
  /** Absent where the system has only one loopback address. */
  readonly localAddress?: string;
  readonly connections: number;
  /** Whose passwords are guessed. */
  readonly victims: readonly MerchantAccess[];
  /** Who has good credentials, and too much to sell. */
  readonly accomplice: MerchantAccess;
}

/** What it tells when it is asked to end. */
export interface FloodResult {
  /** Statuses of answers, and how many of each. */
  readonly answers: Readonly<Record<string, number>>;
  readonly opened: number;
  /** By the gateway, before or without an answer. */
  readonly closed: number;
}

/** One connection, from its opening. `again` is to be called when an answer has come; what it returns is sent next. */
export interface Act {
  /** Sent as soon as it is open. */
  readonly first: () => string | Buffer;
  /** Sent when an answer has come; absent: nothing more. */
  readonly next?: () => string | Buffer;
  /** Sent whenever so much time has passed, in ms. */
  readonly drip?: { readonly everyMs: number; readonly what: string };
  /** Sent as fast as the attacker's line takes it. */
  readonly stream?: string | Buffer;
  readonly readsNothing?: true;
  /** How long the attacker waits before the next one. */
  readonly pauseMs: number;
}

const form = 'Content-Type: application/x-www-form-urlencoded';
const block = Buffer.alloc(65_536, 'x');
const chunk = Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]);

function requestOf(lines: readonly string[], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return `${[...lines, 'Host: gateway', ...length].join('\r\n')}\r\n\r\n${body}`;
}

function saleOf({ entityId, bearerToken }: MerchantAccess): string {
  const card = 'card.number=4111111111111111&card.holder=Ada+Example&card.expiryMonth=12&card.expiryYear=2034&card.cvv=123';
  const body = `entityId=${entityId}&paymentType=DB&amount=500.00&currency=EUR&${card}`;
  return requestOf(['POST /v1/payments HTTP/1.1', form, `Authorization: Bearer ${bearerToken}`], body);
}

/** The act of the connection with this number. */
export function actOf({ flood, victims, accomplice }: FloodPlan, number: number): Act {
  switch (flood) {
    case 'strangers': {
      const request = () => requestOf([`GET /v1/payments/${'0'.repeat(32)}?entityId=${accomplice.entityId} HTTP/1.1`]);
      return { first: request, next: request, pauseMs: 0 };
    }
    case 'guesses': {
      const guess = () => {
        const victim = victims[Math.floor(Math.random() * victims.length)] as MerchantAccess;
        const bearerToken = Buffer.from(`${victim.entityId}|${Math.random()}`).toString('base64');
        return saleOf({ ...victim, bearerToken });
      };
      return { first: guess, next: guess, pauseMs: 0 };
    }
    case 'excess': {
      const sale = () => saleOf(accomplice);
      return { first: sale, next: sale, pauseMs: 0 };
    }
    case 'bodies': {
      const isEndless = number % 2 === 0;
      const size = isEndless ? 'Transfer-Encoding: chunked' : 'Content-Length: 100000000';
      return { first: () => requestOf(['POST /v1/payments HTTP/1.1', form, size]), stream: isEndless ? chunk : block, pauseMs: 0 };
    }
    case 'slowloris': {
      const head = 'POST /v1/payments HTTP/1.1\r\nHost: gateway\r\n';
      const body = requestOf(['POST /v1/payments HTTP/1.1', form, 'Content-Length: 200000']);
      const [first, what] = number % 2 === 0 ? [head, 'X-More: more\r\n'] : [body, 'x'];
      return { first: () => first, drip: { everyMs: 500, what }, pauseMs: 100 };
    }
    case 'readers': {
      const many = requestOf(['GET /docs/opp/openapi.json HTTP/1.1']).repeat(50);
      return { first: () => many, drip: { everyMs: 50, what: many }, readsNothing: true, pauseMs: 100 };
    }
  }
}
