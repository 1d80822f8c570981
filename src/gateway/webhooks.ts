/** The endpoints of merchants: where they are, with which secrets, and how a single message gets there. */
import type { Webhooks } from '../dialects/dialect.ts';
import type { Outbound } from '../http/outbound.ts';
import { endpointsOf } from '../store/channel-endpoints.ts';
import type { Foundation } from './foundation.ts';

export function webhooksOf({ databases, vault }: Foundation, outbound: Outbound): Webhooks {
  return {
    async addressesOf(channel) {
      const { merchantId } = channel;
      const endpoints = await endpointsOf(databases.general, channel);
      return endpoints.map(({ endpointId, url, settings, secret: sealed }) => {
        const secret = sealed === null ? {} : { secret: vault.openSecret({ merchantId, secretId: endpointId, sealed }) };
        return { url, settings, ...secret };
      });
    },
    async send(message) {
      const answer = await outbound.send(message);
      return answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;
    },
  };
}
