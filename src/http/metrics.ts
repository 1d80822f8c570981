/**
 * Metrics in the Prometheus format. On the payment path only counters in memory move; what has to be asked for is asked when somebody
 * scrapes. Labels come from closed lists (dialects, route patterns, kinds, states), never from a request, so nothing of a card can be in one.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DueHoldStore } from '../core/due/due-hold.ts';
import type { PaymentStore } from '../core/ports/payment-store.ts';
import type { VisitStore } from '../core/three-d-secure/visit.ts';
import { type StepName, stepNames } from '../observability/observer.ts';

/** What a scrape asks for. A part that cannot be had is absent, and its series with it. */
export interface Readings {
  readonly ready: Readonly<Record<string, boolean>>;
  readonly openOperations?: readonly { readonly state: string; readonly count: number; readonly oldestAgeMs: number }[];
  readonly queueDepths: Readonly<Record<string, number>>;
  /** Deliveries that wait, by the state of their endpoint. */
  readonly outbox?: readonly { readonly state: string; readonly count: number; readonly oldestAgeMs: number }[];
  readonly openVisits?: number;
  /** What is due for holds and waits for an operator, by what it is. */
  readonly givenUpHolds?: readonly { readonly due: string; readonly count: number }[];
  /** How long the first of each kind of due work is overdue. */
  readonly dueLags?: Readonly<Record<string, number>>;
  /** Connections to the acquirer that are signed on. */
  readonly acquirerConnections: number;
  readonly redactionHits: number;
}

export interface Metrics {
  /** `route` is the pattern, not the path. */
  observeRequest(request: { readonly dialect: string; readonly route: string; readonly status: number; readonly durationMs: number }): void;
  observeBatch(queue: string, rows: number): void;
  countOperation(kind: string, outcome: string): void;
  /** A request that was refused for coming too often. */
  countRefusal(cause: string): void;
  /** A connection that was closed before its time. */
  countCut(cause: string): void;
  /** Somebody was found trying out cards. */
  countCardTesting(subject: string): void;
  observeStep(step: StepName, durationMs: number): void;
  /** One try to tell a merchant. */
  countDelivery(way: 'webhook' | 'mail', result: 'delivered' | 'failed' | 'given_up'): void;
  /** The end of a run of 3-D Secure. */
  observeAuthentication(outcome: string, durationMs: number): void;
  /** What an acquirer has told of disputes, by stage; `unmatched` ones wait for a person. */
  countDispute(stage: string, outcome: string): void;
  /** Everything as text, after asking for the readings. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

const requestBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15];
const authenticationBuckets = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 900];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128];

export function createMetrics(read: () => Promise<Readings>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    ...{ name: 'polygate_http_request_duration_seconds', help: 'Time from a request to the end of its answer.', registers },
    labelNames: ['dialect', 'route', 'status'],
    buckets: requestBuckets,
  });
  const batches = new Histogram({
    ...{ name: 'polygate_batch_rows', help: 'Rows that went to the database in one statement.', registers },
    labelNames: ['queue'],
    buckets: batchBuckets,
  });
  const outcomes = new Counter({
    ...{ name: 'polygate_operation_outcomes_total', help: 'Outcomes recorded, by kind of operation and the state they led to.', registers },
    labelNames: ['kind', 'outcome'],
  });
  const abuse = createAbuseCounters(registers);
  const disputes = new Counter({
    ...{
      name: 'polygate_dispute_notices_total',
      help: 'Chargebacks and reversals told by the acquirer, by what became of them; unmatched ones concern no payment here and wait for a person.',
      registers,
    },
    labelNames: ['stage', 'outcome'],
  });
  const stepTimes = new Histogram({
    ...{
      name: 'polygate_step_duration_seconds',
      help: 'Time that a step took, of requests and of what the gateway does by itself.',
      registers,
    },
    labelNames: ['step'],
    buckets: requestBuckets,
  });
  const stepObservers = new Map(stepNames.map((step) => [step, stepTimes.labels({ step })]));
  const authentications = new Histogram({
    ...{ name: 'polygate_authentication_duration_seconds', help: 'Time from the begin of a run of 3-D Secure to its outcome.', registers },
    labelNames: ['outcome'],
    buckets: authenticationBuckets,
  });
  const deliveries = new Counter({
    ...{
      name: 'polygate_deliveries_total',
      help: 'Tries to tell merchants, by way and result; given_up: no other try follows.',
      registers,
    },
    labelNames: ['way', 'result'],
  });
  const setReadings = createGauges(registers);
  const observers = remembered((key) => {
    const [dialect = '', route = '', status = ''] = key.split('\n');
    return requests.labels({ dialect, route, status });
  });
  return {
    observeRequest({ dialect, route, status, durationMs }) {
      observers(`${dialect}\n${route}\n${Math.floor(status / 100)}xx`).observe(durationMs / 1000);
    },
    observeBatch: (queue, rows) => batches.observe({ queue }, rows),
    countOperation: (kind, outcome) => outcomes.inc({ kind, outcome }),
    ...abuse,
    observeStep: (step, durationMs) => stepObservers.get(step)?.observe(durationMs / 1000),
    observeAuthentication: (outcome, durationMs) => authentications.observe({ outcome }, durationMs / 1000),
    countDelivery: (way, result) => deliveries.inc({ way, result }),
    countDispute: (stage, outcome) => disputes.inc({ stage, outcome }),
    async render() {
      setReadings(await read());
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function createAbuseCounters(registers: Registry[]): Pick<Metrics, 'countRefusal' | 'countCut' | 'countCardTesting'> {
  const refusals = new Counter({
    ...{
      name: 'polygate_refused_requests_total',
      help: 'Requests refused for coming too often, by what was used up: of an address, a credential or a merchant, or the wait after wrong credentials.',
      registers,
    },
    labelNames: ['cause'],
  });
  const cuts = new Counter({
    ...{ name: 'polygate_cut_connections_total', help: 'Connections closed for being too many or too slow, by cause.', registers },
    labelNames: ['cause'],
  });
  const cardTesting = new Counter({
    ...{
      name: 'polygate_card_testing_total',
      help: 'How often somebody was found trying out cards: at a shopper’s address, under a shopper’s mail address, with a BIN, or at a merchant as a whole.',
      registers,
    },
    labelNames: ['subject'],
  });
  return {
    countRefusal: (cause) => refusals.inc({ cause }),
    countCut: (cause) => cuts.inc({ cause }),
    countCardTesting: (subject) => cardTesting.inc({ subject }),
  };
}

function createGauges(registers: Registry[]): (readings: Readings) => void {
  const ready = new Gauge({
    ...{ name: 'polygate_ready', help: '1 while a part can work: the database, the vault, the link to the acquirer.', registers },
    labelNames: ['part'],
  });
  const open = new Gauge({
    ...{
      name: 'polygate_open_operations',
      help: 'Operations without a certain outcome, by state; escalated ones wait for a person.',
      registers,
    },
    labelNames: ['state'],
  });
  const oldest = new Gauge({
    ...{ name: 'polygate_open_operation_age_seconds', help: 'Age of the oldest operation without a certain outcome, by state.', registers },
    labelNames: ['state'],
  });
  const depth = new Gauge({
    ...{ name: 'polygate_batch_queue_depth', help: 'Rows that wait for a statement or are in one.', registers },
    labelNames: ['queue'],
  });
  const redactions = new Gauge({
    ...{
      name: 'polygate_log_redactions',
      help: 'Card data taken out of finished log lines since the start; more than 0 is a defect.',
      registers,
    },
  });
  const waiting = new Gauge({
    ...{ name: 'polygate_outbox_depth', help: 'Deliveries that wait, by the state of their endpoint.', registers },
    labelNames: ['state'],
  });
  const waitingAge = new Gauge({
    ...{ name: 'polygate_outbox_age_seconds', help: 'Age of the oldest delivery that waits, by the state of its endpoint.', registers },
    labelNames: ['state'],
  });
  const visits = new Gauge({ name: 'polygate_open_visits', help: 'Payments and authentications that wait for their shopper.', registers });
  const givenUp = new Gauge({
    ...{
      name: 'polygate_given_up_holds',
      help: 'What is due for holds and was given up, by what it is; each waits for a person.',
      registers,
    },
    labelNames: ['due'],
  });
  const lag = new Gauge({
    ...{ name: 'polygate_due_lag_seconds', help: 'How long the first of what is due is overdue, by kind of work.', registers },
    labelNames: ['work'],
  });
  const connections = new Gauge({
    name: 'polygate_acquirer_connections',
    help: 'Connections to the acquirer that are signed on.',
    registers,
  });
  return (readings) => {
    connections.set(readings.acquirerConnections);
    for (const gauge of [waiting, waitingAge, visits, givenUp, lag]) gauge.reset();
    for (const { state, count, oldestAgeMs } of readings.outbox ?? []) {
      waiting.set({ state }, count);
      waitingAge.set({ state }, oldestAgeMs / 1000);
    }
    if (readings.openVisits !== undefined) visits.set(readings.openVisits);
    for (const { due, count } of readings.givenUpHolds ?? []) givenUp.set({ due }, count);
    for (const [work, lagMs] of Object.entries(readings.dueLags ?? {})) lag.set({ work }, lagMs / 1000);
    for (const [part, isReady] of Object.entries(readings.ready)) ready.set({ part }, isReady ? 1 : 0);
    for (const [queue, rows] of Object.entries(readings.queueDepths)) depth.set({ queue }, rows);
    redactions.set(readings.redactionHits);
    open.reset();
    oldest.reset();
    for (const { state, count, oldestAgeMs } of readings.openOperations ?? []) {
      open.set({ state }, count);
      oldest.set({ state }, oldestAgeMs / 1000);
    }
  };
}

function remembered<V>(make: (key: string) => V): (key: string) => V {
  const made = new Map<string, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** The same store, which also counts what becomes of operations. */
export function counted(store: PaymentStore, metrics: Pick<Metrics, 'countOperation'>): PaymentStore {
  return {
    ...store,
    async submitPayment(row) {
      const submission = await store.submitPayment(row);
      if (submission === 'submitted' && row.rejection !== undefined) metrics.countOperation(row.kind, 'rejected');
      return submission;
    },
    async postOperation(row) {
      const submission = await store.postOperation(row);
      if (submission === 'submitted') metrics.countOperation(row.kind, 'approved');
      return submission;
    },
    async recordOutcome(outcome) {
      const recorded = await store.recordOutcome(outcome);
      if (recorded.applied) metrics.countOperation(outcome.kind, recorded.state);
      return recorded;
    },
    async recordDecision(outcome, act) {
      const recorded = await store.recordDecision(outcome, act);
      if (recorded.applied) metrics.countOperation(outcome.kind, recorded.state);
      return recorded;
    },
  };
}

/** The same holds, which also count the releases that an operator has told. */
export function countedHolds(holds: DueHoldStore, metrics: Pick<Metrics, 'countOperation'>): DueHoldStore {
  return {
    ...holds,
    async releaseGivenUp(release) {
      const end = await holds.releaseGivenUp(release);
      if (end === 'decided') metrics.countOperation(release.row.kind, 'approved');
      return end;
    },
  };
}

/** The same visits, with the runs of 3-D Secure measured. */
export function timed(visits: VisitStore, metrics: Pick<Metrics, 'observeAuthentication'>): VisitStore {
  return {
    ...visits,
    async change(change) {
      const changed = await visits.change(change);
      if (changed && change.result !== undefined) metrics.observeAuthentication(change.to, Date.now() - madeAtMs(change.authenticationId));
      return changed;
    },
  };
}

/** When an id was made: a UUIDv7 begins with 48 bits of epoch ms (RFC 9562, 5.7). */
function madeAtMs(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
