-- What a merchant's payouts have under way is summed whenever the merchant asks for its balance. The condition is one that no outcome changes: see
-- 0004_hot_updates.sql.
create index operation_payout on polygate.operation (merchant_id) where kind = 'payout';
