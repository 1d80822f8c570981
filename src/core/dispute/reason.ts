/**
 * Why a charge is disputed: the reason codes of the schemes in the words of one list. The raw code is kept beside it. Sources: the public code
 * lists of Visa (10.1 to 13.9) and Mastercard (48xx).
 */

export const disputeReasons = [
  'fraud',
  'not_recognized',
  'not_authorized',
  'not_received',
  'not_as_described',
  'canceled',
  'credit_not_processed',
  'duplicate',
  'processing_error',
  'unspecified',
] as const;

export type DisputeReason = (typeof disputeReasons)[number];

const byCode: Readonly<Record<string, DisputeReason>> = {
  '12.6': 'duplicate',
  '13.1': 'not_received',
  '13.2': 'canceled',
  '13.3': 'not_as_described',
  '13.4': 'not_as_described',
  '13.5': 'not_as_described',
  '13.6': 'credit_not_processed',
  '13.7': 'canceled',
  '13.8': 'credit_not_processed',
  '13.9': 'not_received',
  '4808': 'not_authorized',
  '4834': 'processing_error',
  '4837': 'fraud',
  '4849': 'fraud',
  '4853': 'not_as_described',
  '4863': 'not_recognized',
  '4870': 'fraud',
  '4871': 'fraud',
};

/** Families of codes, for those without a line of their own. */
const byFamily: readonly (readonly [prefix: string, DisputeReason])[] = [
  ['10.', 'fraud'],
  ['11.', 'not_authorized'],
  ['12.', 'processing_error'],
];

/** The reason behind a scheme's code; `unspecified` for none and for codes that are not known here. */
export function disputeReasonOf(schemeReason: string | undefined): DisputeReason {
  if (schemeReason === undefined) return 'unspecified';
  const exact = byCode[schemeReason];
  if (exact !== undefined) return exact;
  return byFamily.find(([prefix]) => schemeReason.startsWith(prefix))?.[1] ?? 'unspecified';
}
