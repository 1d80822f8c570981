/** What a webhook can be told of, by the platform's names. */
const purchaseEvents = [
  ...['created', 'paid', 'payment_failure', 'refund_failure', 'capture_failure', 'release_failure', 'pending_execute', 'pending_charge'],
  ...['cancelled', 'hold', 'captured', 'pending_capture', 'released', 'pending_release', 'preauthorized', 'pending_recurring_token_delete'],
  ...['recurring_token_deleted', 'subscription_charge_failure', 'pending_refund', 'viewed', 'settled'],
];

export const eventTypes: readonly string[] = [
  ...purchaseEvents.map((name) => `purchase.${name}`),
  ...['payment.refunded', 'payment.charged_back', 'payment.chargeback_reversed'],
  ...['payout.created', 'payout.pending', 'payout.success', 'payout.failed'],
  'billing_template_client.subscription_billing_cancelled',
];
