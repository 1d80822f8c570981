/** The issuers' cards as data: which take part in 3-D Secure, and how each is authenticated. Every other card is not enrolled. */

import type { AReq } from '../../src/protocols/emv-3ds/message.ts';
import type { Version } from '../../src/protocols/emv-3ds/rule.ts';

/** How an authentication ends, as `transStatus` says it. */
export type Ending = 'Y' | 'A' | 'N' | 'U' | 'R';

/** What the issuer does when it is asked about a card. */
export type Flow =
  /** Answers at once. */
  | { readonly kind: 'answers'; readonly status: Ending }
  /** Asks the shopper for the one-time code. Without an ending the code decides; with one, the shopper may type what they like. */
  | { readonly kind: 'challenges'; readonly ending?: Exclude<Ending, 'Y'>; readonly evenIfExempt?: true }
  /** Cannot, unless the merchant mandates a challenge. */
  | { readonly kind: 'challenges-if-mandated' }
  /** The directory server gives no answer at all. */
  | { readonly kind: 'lost' };

/** An enrolled card. */
export interface EnrolledCard {
  readonly pan: string;
  readonly flow: Flow;
  /** The 3DS Method of the issuer: none, one that answers, one that never does. */
  readonly method: 'none' | 'answers' | 'silent';
  /** The only version that its issuer speaks. */
  readonly version: Version;
}

const Y: Flow = { kind: 'answers', status: 'Y' };
const A: Flow = { kind: 'answers', status: 'A' };
const N: Flow = { kind: 'answers', status: 'N' };
const U: Flow = { kind: 'answers', status: 'U' };
const R: Flow = { kind: 'answers', status: 'R' };
const CHALLENGE: Flow = { kind: 'challenges' };
const endsWith = (ending: Exclude<Ending, 'Y'>): Flow => ({ kind: 'challenges', ending });

type CardRow = readonly [flow: Flow, pans: string, more?: Partial<Pick<EnrolledCard, 'method' | 'version'>>];

/** The sandbox's own cards, then those that the platforms publish for their test systems. */
const ROWS: readonly CardRow[] = [
  [Y, '4242424242424242', { method: 'answers' }],
  [CHALLENGE, '5555555555554444'],
  [CHALLENGE, '4000000000003220', { method: 'answers' }],
  [{ kind: 'challenges', evenIfExempt: true }, '4000002760003184', { version: '2.3.1' }],
  [endsWith('N'), '4000000000003063'],
  [A, '4000000000003097'],
  [U, '4000000000003105'],
  [R, '4000000000003113'],
  [{ kind: 'lost' }, '4000000000003121'],
  [Y, '4000000000003139', { method: 'silent' }],
  [{ kind: 'challenges-if-mandated' }, '4000000000000101'],
  [CHALLENGE, '4200000000000042 4000000000000051 4711100000000000 5200000000000015 5386024192625914 4012001036275556'],
  [Y, '4200000000000091 4330264936344675 4012000033330026 4567350000427977 5137009801943438 371449635311004 375418081197346'],
  [Y, '4532153596910568 5140512592070076 5200000091444270'],
  [A, '4200000000000109 4450213273993630 4012004040524514 4532155854421931 5156400512420624 5200008932030109'],
  [A, '376691390182618 344822942822422'],
  [N, '4469362473905800 4012000305337014 5114974939548499 5102178582044293 375439384971666'],
  [R, '4337328333414325 4012003360932265 5168645305790452 5169312548681472 375392300827514'],
  [U, '4259701590936889 4475853611842840 5123301306181325 5141720392778702 371608168632280'],
  [CHALLENGE, '4874970686672022 4796585406258483 4012007153923001 4532153065352672 5130257474533310 5140266613691523'],
  [CHALLENGE, '5200003143732874 379764422997381 378069803818698'],
  [endsWith('A'), '4839645466321180 5168693992589936 379943305931143'],
  [endsWith('N'), '5144144373781246 4253955490718757 4012007161850527 5199768787888942 374706031281041'],
  [endsWith('R'), '4450022237973103 5165683216616048 376632086941180'],
  [endsWith('U'), '5148904639667695 5137739025252071'],
];

/** All enrolled cards. */
export const ENROLLED_CARDS: readonly EnrolledCard[] = ROWS.flatMap(([flow, pans, more]) =>
  pans.split(' ').map((pan) => ({ pan, flow, method: 'none', version: '2.2.0', ...more }) as const),
);

const byPan = new Map(ENROLLED_CARDS.map((card) => [card.pan, card]));

/** The card with this number; undefined when it is not enrolled. */
function enrolledCard(pan: string): EnrolledCard | undefined {
  return byPan.get(pan);
}

/** The extension of an AReq in which a merchant says what should happen, whatever the card. */
const SIMULATION = 'POLYGATE-SANDBOX';

/** The card of an AReq, as its row or the merchant has it; undefined when it is not enrolled. */
export function cardOf({ acctNumber: pan, messageExtension = [], messageVersion: version }: AReq): EnrolledCard | undefined {
  const known = enrolledCard(pan);
  const data: unknown = messageExtension.find(({ id }) => id === SIMULATION)?.data;
  const wish = typeof data === 'object' && data !== null && 'flow' in data ? data.flow : undefined;
  const own: EnrolledCard = known ?? { pan, flow: CHALLENGE, method: 'none', version };
  if (wish === 'challenge') return { ...own, flow: CHALLENGE };
  if (wish === 'frictionless') return { ...own, flow: Y };
  return wish === 'enrolled' ? own : known;
}

/** The one-time code of every cardholder. */
export const ONE_TIME_CODE = '1234';

/** How often a shopper may type a code. */
export const MOST_ATTEMPTS = 3;
