/** docs/codes.md: every refusal and every reason of a decline, with what each dialect answers, asked of the dialects themselves. */
import { type DeclineReason, declineModelOf } from '../../src/core/payment/decline.ts';
import type { OperationView } from '../../src/core/payment/operation.ts';
import { type RefusalCode, refusal, refusalCodes } from '../../src/core/refusals.ts';
import * as opp from '../../src/dialects/opp/refusals.ts';
import * as paymentz from '../../src/dialects/paymentz/refusals.ts';
import { problems } from '../../src/dialects/payone/problem.ts';
import * as payone from '../../src/dialects/payone/refusals.ts';
import * as qorepay from '../../src/dialects/qorepay/refusals.ts';
import { statusOf } from '../../src/dialects/tzero/problem.ts';
import * as tzero from '../../src/dialects/tzero/refusals.ts';

export function codesPage(): string {
  const reasons = Object.keys(opp.declineCodes) as readonly DeclineReason[];
  return `# Codes

<!-- Written by \`npm run check -- --write\` from src/core and the dialects. Change it there. -->

What one thing is called in each protocol. The codes of OPP with their texts are also at \`GET /v1/resultcodes\`.

## Refusals

A refused request has changed nothing. *Again*: the same request may succeed later, as it is; *field*: the request has to be mended; *state*: the payment does not
allow it. Numbers in parentheses are HTTP statuses; where there is none it is 400, and 200 in Paymentz. Some depend on what was asked for.

| refusal | | meaning | OPP | PAYONE | QorePay | tZero | Paymentz |
|---|---|---|---|---|---|---|---|
${refusalCodes.map(refusalRow).join('\n')}

Faults of form (a missing parameter, a wrong type, an unknown name) are found before; the pages of the protocols tell how they are answered.

## Declines

What the issuer said, normalized. *Who acts*: the shopper with another card or with their bank, the merchant with another request, the operator with the set-up.

| reason | try the card again | who acts | OPP | PAYONE | QorePay | tZero | Paymentz |
|---|---|---|---|---|---|---|---|
${reasons.map(declineRow).join('\n')}
`;
}

function refusalRow(code: RefusalCode): string {
  const one = refusal(code);
  const cells = [oppOf(one), payoneOf(one), qorepayOf(one), tzeroOf(one), paymentzOf(one)];
  return `| \`${code}\` | ${one.category} | ${one.meaning} | ${cells.join(' | ')} |`;
}

type Refused = ReturnType<typeof refusal>;

const types = ['CP', 'RV', 'RF', 'RB', 'CB', 'CR', 'RC'] as const;

function oppOf(one: Refused): string {
  const found = types.map((type) => opp.problemOf(one, type));
  return distinct(found.map(({ code, status }) => shown(code, status, 400)));
}

function payoneOf(one: Refused): string {
  const { id, status } = payone.problemOf(one, { amount: 'amount', currency: 'currency' });
  return shown(`${problems[id][0]} ${id}`, status, 400);
}

const acts = ['pay', 'charge', 'capture', 'release', 'refund', 'cancel'] as const;

function qorepayOf(one: Refused): string {
  const found = acts.map((act) => {
    const { errors, status } = qorepay.problemOf(one, act);
    return shown(codesIn(errors).join(', ').replace(`purchase_${act}_`, 'purchase_…_'), status, 400);
  });
  return distinct(found);
}

/** The members called \`code\`, however deep. */
function codesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (name === 'code' && typeof member === 'string' ? [member] : codesIn(member)));
}

function tzeroOf(one: Refused): string {
  const { code } = tzero.problemOf(one);
  return shown(code, statusOf(code), 400);
}

function paymentzOf(one: Refused): string {
  const { code, status } = paymentz.problemOf(one);
  return shown(code, status, 200);
}

function declineRow(reason: DeclineReason): string {
  const { retryable, mustAct } = declineModelOf(reason);
  // The dialects look at state and reason alone.
  const declined = { state: 'declined', reason, kind: 'debit', dialectData: {} } as unknown as OperationView;
  const payoneWords = payone.errorsOf(declined).map(({ errorCode, id }) => `\`${errorCode} ${id}\``);
  const cells = [
    `\`${opp.declineCodes[reason]}\``,
    payoneWords.join(' '),
    `\`${qorepay.attemptErrorOf(declined).code}\``,
    `\`${tzero.declines[reason][0]}\``,
    `\`${paymentz.declineCodes[reason]}\``,
  ];
  return `| \`${reason}\` | ${retryable ? 'yes' : 'no'} | ${mustAct} | ${cells.join(' | ')} |`;
}

function shown(code: string, status: number, usual: number): string {
  return `\`${code}\`${status === usual ? '' : ` (${status})`}`;
}

function distinct(cells: readonly string[]): string {
  return [...new Set(cells)].join(', ');
}
