/** Transactions as their merchant may find them: by the id on the wire, within the entity that asks. */
import type { Channel } from '../../core/merchant/channel.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import type { DialectContext } from '../dialect.ts';
import { fromWireId } from './ids.ts';

/** The entity's own transaction; undefined when there is none of that id, also when it is another entity's. */
export async function findOwn(
  { engine }: DialectContext,
  { merchantId, channelId }: Channel,
  wireId: string,
): Promise<OperationView | undefined> {
  const operationId = fromWireId(wireId);
  if (operationId === undefined) return undefined;
  const operation = await engine.store.findOperation({ merchantId, operationId });
  return operation?.channelId === channelId ? operation : undefined;
}
