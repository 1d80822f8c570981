/** Billing templates and their clients as the platform shows them. */
import type { Channel } from '../../core/merchant/channel.ts';
import type { BillingTemplate, Plan, Subscriber, SubscriberStatus } from '../../core/subscription/billing.ts';
import { dueOfCycle } from '../../core/subscription/subscribe.ts';
import type { Mode } from '../dialect.ts';
import type { ClientTerms, TemplateDocument } from './billing.ts';
import { shownId } from './ids.ts';
import { type Json, secondsOf } from './write.ts';

export function writeTemplate(
  template: BillingTemplate,
  { channel, mode, hasSubscribers }: { readonly channel: Channel; readonly mode: Mode; readonly hasSubscribers: boolean },
): Json {
  const { templateId, createdAtMs, updatedAtMs, document, isActive } = template;
  const { said } = document as TemplateDocument;
  return {
    ...{ id: templateId, type: 'billing_template', created_on: secondsOf(createdAtMs), updated_on: secondsOf(updatedAtMs) },
    ...{ brand_id: channel.wireId, company_id: shownId(template.merchantId), user_id: null, is_test: mode === 'sandbox' },
    ...said,
    ...{ subscription_active: isActive, subscription_has_active_clients: hasSubscribers, upsell_campaigns: [], referral_campaign_id: null },
  };
}

const statuses: Readonly<Record<SubscriberStatus, string>> = {
  pending: 'pending',
  active: 'active',
  paused: 'subscription_paused',
  ended: 'inactive',
};

/** `plan`: absent where the template is gone. */
export function writeSubscriber(subscriber: Subscriber, plan: Plan | undefined): Json {
  const { subscriberId, customerId, status, cyclesBilled, createdAtMs, updatedAtMs } = subscriber;
  const settings = subscriber.settings as ClientTerms['settings'];
  const nextAtMs = plan === undefined || status !== 'active' ? undefined : dueOfCycle(plan, subscriber);
  return {
    ...{ id: subscriberId, type: 'billing_template_client', created_on: secondsOf(createdAtMs), updated_on: secondsOf(updatedAtMs) },
    ...{ client_id: customerId, status: statuses[status] },
    subscription_billing_scheduled_on: nextAtMs === undefined ? null : new Date(nextAtMs).toISOString().split('T', 1)[0],
    ...settings,
    number_of_billing_cycles_passed: cyclesBilled,
  };
}
