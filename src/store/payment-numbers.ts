/** Numbers of payments, for protocols that name payments by numbers: each merchant's own, in blocks, so that a payment asks no database for its number. */
import type { Database, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const blockSize = 100;
/** Ten digits from the first payment on: fields of ten digits are what people expect, and it tells nothing of how many came before. */
const firstNumber = 3_000_000_000;

const takeBlock: Statement = {
  name: 'take_payment_numbers',
  text: `insert into polygate.counter as c (name, next_value) values ('payment_number ' || $1::uuid, ${firstNumber} + $2::bigint)
on conflict (name) do update set next_value = c.next_value + $2::bigint returning next_value`,
};

const byNumber: Statement = {
  name: 'payment_by_number',
  text: 'select operation_id from polygate.payment_number where merchant_id = $1 and payment_number = $2',
};

interface Block {
  next: number;
  readonly end: number;
}

export interface PaymentNumbers {
  /** A number that was never given before; those of a block that a stopped node did not use up are never given. */
  take(merchantId: string): Promise<number>;
}

export function createPaymentNumbers(database: Database): PaymentNumbers {
  const blocks = new Map<string, Promise<Block>>();

  async function load(merchantId: string): Promise<Block> {
    const [row] = await reading(database.query<{ next_value: number }>(takeBlock, [merchantId, blockSize]));
    if (row === undefined) throw new Error('the counter of payment numbers gave none');
    return { next: row.next_value - blockSize, end: row.next_value };
  }

  return {
    async take(merchantId) {
      for (;;) {
        const loading = blocks.get(merchantId) ?? load(merchantId);
        blocks.set(merchantId, loading);
        try {
          const block = await loading;
          if (block.next < block.end) return block.next++;
        } catch (error) {
          if (blocks.get(merchantId) === loading) blocks.delete(merchantId);
          throw error;
        }
        if (blocks.get(merchantId) === loading) blocks.delete(merchantId);
      }
    },
  };
}

export async function findByNumber(
  database: Database,
  { merchantId, paymentNumber }: { readonly merchantId: string; readonly paymentNumber: number },
): Promise<string | undefined> {
  const [row] = await database.query<{ operation_id: string }>(byNumber, [merchantId, paymentNumber]);
  return row?.operation_id;
}
