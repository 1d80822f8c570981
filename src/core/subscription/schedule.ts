/**
 * A schedule: payments with a stored card that the gateway makes by itself, at the times of a timetable. Each due time is paid for once: its
 * idempotency key follows from the schedule and the time, so that neither a second node nor a crash can pay for it again.
 */
import type { Timetable } from '../due/timetable.ts';
import type { IdempotencyKey } from '../ports/new-operation.ts';

export interface Schedule {
  readonly merchantId: string;
  readonly channelId: string;
  /** UUID. */
  readonly scheduleId: string;
  readonly kind: 'preauthorization' | 'debit';
  readonly token: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly timetable: Timetable;
  readonly merchantReference?: string;
  /** Echo fields only the dialect knows; every payment of the schedule has them. */
  readonly dialectData: Readonly<Record<string, string>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/**
 * - `active`: it will pay at `nextDueAtMs`.
 * - `ended`: its last due time is over.
 * - `canceled`: the merchant has ended it.
 * - `failed`: it cannot pay any more, for the reason that is recorded (its token was deleted).
 */
export type ScheduleState = 'active' | 'ended' | 'canceled' | 'failed';

/** A schedule leased for one due time: nobody else pays for it until the lease ends. */
export interface DueSchedule {
  readonly schedule: Schedule;
  /** Business time, epoch ms. */
  readonly dueAtMs: number;
  /** Tries for this due time that certainly reached nobody, from 0: each has an operation of its own. */
  readonly failedTries: number;
}

export interface ScheduleKey {
  readonly merchantId: string;
  readonly scheduleId: string;
}

export interface ScheduleStore {
  /** `taken`: nothing was written, the key has a schedule. */
  create(schedule: Schedule, nextDueAtMs: number, key?: Pick<IdempotencyKey, 'key' | 'inputHash'>): Promise<'created' | 'taken'>;
  find(key: ScheduleKey): Promise<(Schedule & { readonly state: ScheduleState }) | undefined>;
  findByKey(key: {
    readonly merchantId: string;
    readonly channelId: string;
    readonly key: string;
  }): Promise<{ readonly schedule: Schedule; readonly inputHash: Uint8Array } | undefined>;
  /** `busy`: a payment of it is under way. `over`: it is not active. `cancelId`: UUID of the cancellation. */
  cancel(key: ScheduleKey & { readonly cancelId: string }): Promise<'canceled' | 'busy' | 'over'>;
  /** Leases schedules that are due at a business time, the longest due first. */
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly DueSchedule[]>;
  /** When the first of all active ones is due, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
  /** Gives the lease back after the due time was paid for; without a next one the schedule has ended. */
  advance(due: DueSchedule, nextDueAtMs: number | undefined): Promise<void>;
  /** Gives the lease back without a payment: to be tried again after a while, or never. `failed`: the try is recorded as failed. */
  putOff(due: DueSchedule, again: { readonly afterMs: number; readonly failed?: true } | { readonly failedBecause: string }): Promise<void>;
}
