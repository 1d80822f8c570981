/** What a merchant's rules make of what the issuer has found of address and code. */
import type { CardChecks, CheckResult } from '../instrument/card-checks.ts';
import type { CheckRule, CheckSubject, FailedCheck } from './check-rule.ts';
import type { RiskRule } from './rule.ts';

/** What the rules make of an approval; a rule that declines counts for more than one that asks for a review. Undefined: none is against it. */
export function judgeChecks(
  rules: readonly RiskRule[] | undefined,
  checks: CardChecks | undefined,
): { readonly action: CheckRule['action']; readonly reason: FailedCheck } | undefined {
  if (rules === undefined || checks === undefined) return undefined;
  const met = rules.filter(isCheckRule).filter(({ subject, value }) => resultOf(subject, checks) === value);
  const rule = met.find(({ action }) => action === 'decline') ?? met[0];
  return rule && { action: rule.action, reason: rule.subject === 'cvc' ? 'cvc_check_failed' : 'address_check_failed' };
}

/** Whether payments have to wait for these rules before they are charged: a charge cannot be held any more. */
export function reviewsChecks(rules: readonly RiskRule[] | undefined): boolean {
  return rules?.some((rule) => isCheckRule(rule) && rule.action === 'review') === true;
}

function isCheckRule(rule: RiskRule): rule is CheckRule {
  return rule.kind === 'check';
}

/** An address differs where nothing of it matches; what could not be compared does not make a difference. */
function resultOf(subject: CheckSubject, { address, cvc }: CardChecks): CheckResult | undefined {
  if (subject === 'cvc') return cvc?.result;
  if (subject !== 'address') return address?.[subject];
  if (address === undefined) return undefined;
  const found = [address.street, address.postcode];
  return (['match', 'mismatch', 'unavailable'] as const).find((result) => found.includes(result)) ?? 'not_checked';
}
