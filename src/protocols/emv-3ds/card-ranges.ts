/** The cards that take part in 3-D Secure, as a directory server's PRes lists them: kept sorted, brought up to date, and looked up by number. */

import type { PRes } from './message.ts';
import { type MessageProblem, problem } from './problem.ts';
import { OFFERED_VERSIONS, VERSIONS, type Version } from './rule.ts';

/** One entry of a PRes. */
export type CardRangeData = NonNullable<PRes['cardRangeData']>[number];

/** One range: all numbers of one length from `startRange` to `endRange`. */
export interface CardRange {
  readonly startRange: string;
  readonly endRange: string;
  /** Versions between which issuer and directory server both speak, as the list gives them. */
  readonly startVersion: string;
  readonly endVersion: string;
  /** Absent: the issuer has no 3DS Method (`threeDSCompInd` U). */
  readonly threeDSMethodURL: string | undefined;
  readonly acsInfoInd: readonly string[];
}

/** What is known of one directory server's cards. Plain data: replace the whole value at once. */
export interface CardRanges {
  /** Goes into the next PReq; undefined asks for the whole list. */
  readonly serialNum: string | undefined;
  /** By length of the card number, each sorted and free of overlaps. */
  readonly byLength: ReadonlyMap<number, readonly CardRange[]>;
}

/** Nothing known yet. */
export const NO_CARD_RANGES: CardRanges = { serialNum: undefined, byLength: new Map() };

/** The list after a PRes, or why that one cannot be used; then keep the old list and ask for the whole of it, without a serial number. */
export type Updated = { readonly ok: true; readonly ranges: CardRanges } | { readonly ok: false; readonly problem: MessageProblem };

/**
 * Brings the list up to date. When the PReq had no serial number the PRes is the whole list and replaces what is there (Req 304, 385);
 * otherwise it holds changes: A adds a new range, M replaces and D removes one with the same two ends.
 */
export function applyPRes(old: CardRanges, answer: PRes, { isWholeList }: { readonly isWholeList: boolean }): Updated {
  const ranges = new Map<string, CardRange>();
  if (!isWholeList) for (const list of old.byLength.values()) for (const range of list) ranges.set(keyOf(range), range);
  for (const data of answer.cardRangeData ?? []) {
    if (data.startRange.length !== data.endRange.length || data.startRange > data.endRange) {
      return refuse(answer, '203', 'cardRangeData.startRange,cardRangeData.endRange');
    }
    const action = isWholeList ? 'A' : (data.actionInd ?? 'A');
    const isKnown = ranges.has(keyOf(data));
    if (isKnown !== (action !== 'A')) return refuse(answer, isKnown ? overlapCode(answer) : actionCode(answer), 'cardRangeData.actionInd');
    if (action === 'D') ranges.delete(keyOf(data));
    else ranges.set(keyOf(data), rangeOf(data, answer));
  }
  const byLength = sortedByLength(ranges.values());
  if (byLength === undefined) return refuse(answer, overlapCode(answer), 'cardRangeData');
  return { ok: true, ranges: { serialNum: answer.serialNum ?? (isWholeList ? undefined : old.serialNum), byLength } };
}

/** The range in which a card number lies. */
export function findRange({ byLength }: CardRanges, pan: string): CardRange | undefined {
  const list = byLength.get(pan.length) ?? [];
  let low = 0;
  let high = list.length;
  // The last range that begins at or before the number. Digits of one length compare as text.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.startRange ?? '') <= pan) low = middle + 1;
    else high = middle;
  }
  const candidate = list[low - 1];
  return candidate !== undefined && pan <= candidate.endRange ? candidate : undefined;
}

/** The highest version that both sides speak; undefined when there is none. `offered` are ours. */
export function chooseVersion(
  range: Pick<CardRange, 'startVersion' | 'endVersion'>,
  offered: readonly Version[] = OFFERED_VERSIONS,
): Version | undefined {
  const [start, end] = [versionNumber(range.startVersion), versionNumber(range.endVersion)];
  return VERSIONS.findLast((version) => offered.includes(version) && versionNumber(version) >= start && versionNumber(version) <= end);
}

/** 2.3.1 → 2003001, so that versions compare as numbers. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1_000_000 + minor * 1_000 + patch;
}

const keyOf = ({ startRange, endRange }: { readonly startRange: string; readonly endRange: string }): string => `${startRange}-${endRange}`;

/** The span that issuer and directory server share; a directory server's general span holds where the range has none of its own. */
function rangeOf(data: CardRangeData, answer: PRes): CardRange {
  const starts = [data.acsStartProtocolVersion, data.dsStartProtocolVersion ?? answer.dsStartProtocolVersion];
  const ends = [data.acsEndProtocolVersion, data.dsEndProtocolVersion ?? answer.dsEndProtocolVersion];
  const byVersion = (one: string, other: string): number => versionNumber(one) - versionNumber(other);
  return {
    startRange: data.startRange,
    endRange: data.endRange,
    startVersion: starts.toSorted(byVersion).at(-1) ?? data.acsStartProtocolVersion,
    endVersion: ends.toSorted(byVersion)[0] ?? data.acsEndProtocolVersion,
    threeDSMethodURL: data.threeDSMethodURL,
    acsInfoInd: data.acsInfoInd ?? [],
  };
}

/** Undefined when two ranges overlap: it would be chance which of them a card is found in. */
function sortedByLength(ranges: Iterable<CardRange>): ReadonlyMap<number, readonly CardRange[]> | undefined {
  const byLength = Map.groupBy(ranges, ({ startRange }) => startRange.length);
  for (const list of byLength.values()) {
    list.sort((one, other) => (one.startRange < other.startRange ? -1 : 1));
    if (list.some((range, index) => index > 0 && range.startRange <= (list[index - 1]?.endRange ?? ''))) return undefined;
  }
  return byLength;
}

/** 2.3.1 has codes of its own for a list that cannot be; before, the serial number is what is wrong with it. */
const overlapCode = ({ messageVersion }: PRes): MessageProblem['errorCode'] => (messageVersion === '2.3.1' ? '205' : '307');
const actionCode = ({ messageVersion }: PRes): MessageProblem['errorCode'] => (messageVersion === '2.3.1' ? '206' : '307');

const refuse = (answer: PRes, errorCode: MessageProblem['errorCode'], detail: string): Updated => ({
  ok: false,
  problem: problem(errorCode, detail, answer),
});
