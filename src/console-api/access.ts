/**
 * Who may use the console API: operators with a key of their own, and whoever has one of the two keys of the settings: OPERATOR_KEY is an
 * admin's, VIEWER_KEY a viewer's.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { mayAct, type Operator, type Role, settingNames } from '../core/operator/operator.ts';
import { hashOfKey } from '../core/operator/operator-key.ts';
import type { OperatorStore } from '../core/operator/operator-store.ts';
import type { LoginLimits } from '../dialects/dialect.ts';
import { ConsoleProblem } from './problem.ts';

export interface ConsoleKeys {
  readonly operator: string | undefined;
  readonly viewer: string | undefined;
}

export interface AccessParts {
  readonly keys: ConsoleKeys;
  readonly store: Pick<OperatorStore, 'findOperator'>;
  readonly logins: LoginLimits;
}

/** Who asks; throws a problem when it is nobody, or somebody whose role does not include the one that is needed. */
export async function requireRole(parts: AccessParts, request: FastifyRequest, needed: Role): Promise<Operator> {
  const given = keyIn(request);
  const name = nameOf(given);
  parts.logins.beforeLogin(request, name);
  const operator = await operatorOf(parts, given);
  if (operator === undefined) {
    parts.logins.loginFailed(request, name);
    const detail = 'Send the key of an operator as a bearer token: one made with `polygate operator add`, or OPERATOR_KEY or VIEWER_KEY.';
    throw new ConsoleProblem('unauthorized', detail);
  }
  parts.logins.loggedIn(request, { name });
  if (!mayAct(operator.role, needed)) {
    throw new ConsoleProblem('forbidden', `This needs the role ${needed}; the key that was sent has the role ${operator.role}.`);
  }
  return operator;
}

/** Empty: there is none. */
function keyIn({ headers }: FastifyRequest): string {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** A key has no name beside it, so it is one itself: what one operator's key has earned at an address is no other's, and each guess is a name of its own. */
function nameOf(given: string): string {
  return hashOfKey(given).toString('hex').slice(0, 16);
}

async function operatorOf({ keys, store }: AccessParts, given: string): Promise<Operator | undefined> {
  // Both are always compared, so that the time tells nothing.
  const isOperator = isSame(given, keys.operator);
  const isViewer = isSame(given, keys.viewer);
  if (isOperator) return { name: settingNames.admin, role: 'admin' };
  if (isViewer) return { name: settingNames.viewer, role: 'viewer' };
  return given === '' ? undefined : store.findOperator(hashOfKey(given));
}

/** Equal lengths for the comparison, whatever was sent; a key that is not set opens nothing. */
function isSame(given: string, key: string | undefined): boolean {
  const same = timingSafeEqual(hashOfKey(given), hashOfKey(key ?? ''));
  return key !== undefined && same;
}
