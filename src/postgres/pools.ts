/** What a gateway's pools are called, as `pg_stat_activity` shows them. */
export const gatewayPools = { hot: 'polygate', general: 'polygate-general', outbox: 'polygate-outbox' } as const;
