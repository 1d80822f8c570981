-- What waits for a person's decision: small at all times, and counted at every scrape of the metrics.
create index operation_escalated on polygate.operation (merchant_id, operation_id) where state = 'escalated';
