/** The acquirer adapters by name; the only place outside their folders that knows them. */

import type { AcquirerContext, RunningAcquirer } from './acquirer.ts';
import { type Iso8583Settings, openIso8583Acquirer } from './iso8583/index.ts';

/** Opens the bank adapter, where there is a bank. */
export { openBank, type RunningBank } from './bank/index.ts';

/** Opens the adapter that the gateway's accounts use. */
export function openAcquirer(settings: { readonly iso8583: Iso8583Settings }, context: AcquirerContext): RunningAcquirer {
  return openIso8583Acquirer(settings.iso8583, context);
}
