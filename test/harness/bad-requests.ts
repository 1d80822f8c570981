/** Nonsense for one address of the shopper's: what is asked there, and what is wrong with the answers. */
import { exchangeRaw } from '../fuzz/wire.ts';
import { findCardData } from './scrub.ts';
import type { Stack } from './stack.ts';

const form = 'application/x-www-form-urlencoded';

interface Odd {
  readonly what: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
}

/** A base64url text as the browser carries it. */
const carried = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const bodies: readonly string[] = [
  ...[
    '',
    '=',
    '&&&',
    'event',
    'event=',
    'event=constructor',
    'event=arrived&event=cancelled2',
    'event[]=confirmed',
    '%',
    '%ff=%fe',
    'a=%00',
    '\0\0',
  ],
  ...[
    'cres=',
    'cres=%00',
    'cres=!!!',
    'cres=bnVsbA',
    'cres=W10',
    `cres=${carried({ messageType: 'CRes' })}`,
    `cres=${'A'.repeat(200_000)}`,
  ],
  ...[`cres=${carried({ messageType: 'Erro' })}&cres=${carried([])}`, `cres=${carried({ transStatus: 'Y' })}&threeDSSessionData=%00`],
  ...['threeDSMethodData=', 'threeDSMethodData=W10', `threeDSMethodData=${carried({ threeDSServerTransID: 'x' })}`],
  ...[
    '{"event":"cancelled"}',
    '[',
    'PaRes=x&MD=y',
    'PaReq=%00&TermUrl=javascript:alert(1)',
    's2s=true',
    's2s=true&pm=%00',
    'constructor=1&__proto__=2',
  ],
  ...[
    'method=constructor',
    'method=stored-99999999999',
    'method=nobank&method=card',
    'attempt=NaN&revision=-1',
    'attempt=1e999&revision=%00',
  ],
  ...[`cardnumber=${'9'.repeat(5_000)}&exp-date=%00&cvc=%F0%9F%92%B3&ccname=${'%C3%BC'.repeat(300)}&attempt=1&revision=1`],
  ...[
    'cardnumber=4111&cardnumber=1111&exp-date=12%2F39&exp-date=13%2F99&cvc=&cvc=1&keep=longer&keep=x&browser=%7B',
    'browser=bnVsbA&browser=x',
  ],
  ...[`browser=${encodeURIComponent('{"screenWidth":1e309,"timezone":[],"language":{}}')}`],
];

const types = [
  form,
  'text/plain',
  '',
  'nonsense',
  'application/json',
  'multipart/form-data',
  `${form}; charset=utf-16`,
  `${form};charset=`,
];

const headerSets: readonly (readonly (readonly [string, string])[])[] = [
  [
    ['accept-language', '\u00ff,;q=,*-'],
    ['accept', 'text/html;;q='],
  ],
  [
    ['accept-language', 'x'.repeat(4_000)],
    ['user-agent', '\u00fe'.repeat(3_000)],
    ['accept', '*'.repeat(3_000)],
  ],
  [
    ['sec-fetch-mode', 'navigate'],
    ['sec-fetch-dest', 'iframe'],
    ['origin', 'null'],
    ['referer', 'x'],
  ],
  [
    ['x-forwarded-for', '::::, 1.2.3'],
    ['x-forwarded-proto', 'gopher'],
    ['host', 'elsewhere.example'],
  ],
  [
    ['cookie', `a=${'b'.repeat(3_000)}`],
    ['content-encoding', 'gzip'],
  ],
];

const seed = Number(process.env.POLYGATE_SEED ?? 1);

/** Of many a third, another one for each seed; all in the long runs. */
function some<T>(all: readonly T[]): readonly T[] {
  return process.env.POLYGATE_SOAK === '1' ? all : all.filter((_, index) => (index + seed) % 3 === 0);
}

/** What is odd that one address is asked. */
function oddRequests(address: string): readonly Odd[] {
  const target = new URL(address).pathname + new URL(address).search;
  const asked = (what: string, method: string, more: Partial<Odd> = {}): Odd => ({ what, method, target, ...more });
  const post = (body: string | Buffer, type: string = form): Odd =>
    asked(`post ${type}`, 'POST', { body, headers: type === '' ? [] : [['content-type', type]] });
  return [
    ...some(bodies).map((body) => post(body)),
    ...some(types).flatMap((type) => [post('event=x', type), post('', type)]),
    post(Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x3d, 0xed, 0xa0, 0x80])),
    post(`filler=${'x'.repeat(400_000)}`),
    post(Array.from({ length: 5_000 }, (_, index) => `f${index}=1`).join('&')),
    ...['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'FOO'].map((method) => asked(method, method)),
    ...some(headerSets).map((headers) => asked('headers', 'GET', { headers })),
    ...['?', '?x=%ff&=&&', '?language=__proto__&brands=constructor&return=javascript:alert(1)&embedded=1', `?${'q=1&'.repeat(1_000)}`].map(
      (query) => asked('query', 'GET', { target: target + (target.includes('?') ? query.replace('?', '&') : query) }),
    ),
    ...['?language=a&language=b&brands=x&brands=y&return=a&return=b&holder=&button=outside&button=', '?view=invoice&view=x'].map((query) =>
      asked('query twice', 'GET', { target: target + (target.includes('?') ? query.replace('?', '&') : query) }),
    ),
  ];
}

/** The same address with one character of its last part another: nobody's. */
function foreignAddresses(address: string): readonly string[] {
  const { pathname, search } = new URL(address);
  const text = `${pathname}${search}`;
  const secret = /[\w.-]{8,}(?=\/?$)/.exec(text);
  if (secret === null) return [];
  const at = secret.index;
  const other = (character: string): string => (character === 'a' ? 'b' : character === '1' ? '2' : 'a');
  const flipped = [at, at + 3, Math.floor((at + text.length) / 2), at + secret[0].length - 2].map(
    (index) => text.slice(0, index) + other(text[index] ?? '') + text.slice(index + 1),
  );
  return [
    ...flipped,
    text.slice(0, -3),
    `${text}x`,
    text.replace(secret[0], ''),
    text.replace(secret[0], '%00'),
    text.replace(secret[0], '%ff%fe'),
    text.replace(secret[0], '..%2f..'),
  ];
}

export interface Torment {
  readonly stack: Stack;
  readonly address: string;
  /** Words of another shopper's payment. */
  readonly foreign?: readonly string[];
}

async function ask(
  stack: Stack,
  { method, target, headers = [], body = '' }: Omit<Odd, 'what'>,
): Promise<{ readonly status: number; readonly text: string }> {
  const bytes = Buffer.from(body as string);
  const sent = [
    ...(headers.some(([name]) => name === 'host') ? [] : [['host', '127.0.0.1'] as const]),
    ['connection', 'close'] as const,
    ...headers,
  ];
  const length = method === 'GET' || method === 'HEAD' ? [] : [['content-length', String(bytes.length)] as const];
  const answer = await exchangeRaw(
    `http://127.0.0.1:${stack.config.port}`,
    { method, target, headers: [...sent, ...length], body: bytes, mayGoUnanswered: bytes.length > 100_000 },
    30_000,
  );
  stack.traces.answers.push(answer.text);
  return answer;
}

/** Asks it all, and says what was wrong. */
export async function torment({ stack, address, foreign = [] }: Torment): Promise<readonly string[]> {
  const wrong: string[] = [];
  const logged = stack.log().length;
  for (const odd of oddRequests(address)) {
    const { status, text } = await ask(stack, odd);
    const says = `${odd.what} ${odd.method} ${odd.target.slice(0, 60)} ${String(odd.body ?? '').slice(0, 60)}: ${status} ${text.slice(0, 300)}`;
    if (status >= 500 || (status === 0 && String(odd.body ?? '').length < 100_000)) wrong.push(says);
    const [found] = await findCardData({ texts: [text], pans: [...stack.traces.pans] });
    if (found !== undefined) wrong.push(`${found.what}: ${says}`);
    const told = foreign.find((word) => text.includes(word));
    if (told !== undefined) wrong.push(`tells ${told}: ${says}`);
  }
  for (const target of foreignAddresses(address)) {
    for (const [method, body] of [
      ['GET', ''],
      ['POST', 'event=cancelled'],
      ['POST', ''],
    ] as const) {
      const { status, text } = await ask(stack, { method, target, body, headers: [['content-type', form]] });
      if (status < 400 || status >= 500) wrong.push(`foreign ${method} ${target}: ${status} ${text.slice(0, 300)}`);
    }
  }
  const errors = stack
    .log()
    .slice(logged)
    .filter((line) => /"level":[56]0/.test(line));
  return [...wrong, ...new Set(errors.map((line) => line.replace(/"time":"[^"]*"|"requestId":"[^"]*"/g, '').slice(0, 400)))];
}
