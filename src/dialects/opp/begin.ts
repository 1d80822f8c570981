/** New payments, with a card or with a token: by the type of the request, one act or two. */

import { authorize } from '../../core/payment/authorize.ts';
import { authorizeAndCapture } from '../../core/payment/authorize-and-capture.ts';
import type { AuthorizeCommand } from '../../core/payment/authorize-command.ts';
import type { ActResult } from '../../core/payment/engine.ts';
import type { DialectContext } from '../dialect.ts';
import { composite, type RequestContext } from './read.ts';
import { readShopper } from './shopper.ts';
import { readWithoutShopper } from './without-shopper.ts';

/** The answer to a composite request is that of its last part: the capture, once there is something to capture. */
export function begin({ engine, mode }: DialectContext, { parameters }: RequestContext, given: AuthorizeCommand): Promise<ActResult> {
  const command =
    given.kind === 'payout' ? given : { ...given, ...readShopper(parameters, mode), ...readWithoutShopper(parameters, given, mode) };
  if (parameters.paymentType !== composite) return authorize(engine, command);
  return authorizeAndCapture(engine, command, { dialectData: { ...command.dialectData, paymentType: composite } });
}
