/**
 * The load: a process of its own that keeps a number of connections busy, each with one request at a time. It shares the machine with what
 * it measures, so it does as little as possible: raw sockets, requests patched in place, answers read without parsing them.
 */
import { connect, type Socket } from 'node:net';
import { type Answer, isPending, isSuccess, readAnswer, readId, readRegistrationId } from './answer.ts';
import { type CardSource, createCardSource, seededRandom, writeDigits } from './cards.ts';
import type { LoadMessage, LoadPlan, LoadResult } from './load-plan.ts';
import { type Act, buildTemplate, referenceDigits, type Template, writeAmount } from './requests.ts';

/** An operation of this run that may be captured or refunded. */
interface Done {
  readonly merchant: number;
  readonly id: string;
  readonly amountMinor: number;
}

/** What one connection is about to send, or has sent. */
interface Lane {
  socket: Socket;
  readonly out: Buffer;
  readonly received: Buffer;
  receivedLength: number;
  busy: boolean;
  act: Act;
  merchant: number;
  amountMinor: number;
  startedAtMs: number;
}

type Phase = 'preparing' | 'warming' | 'measuring' | 'draining';

const acts: readonly Act[] = ['debit', 'preauthorization', 'token', 'register', 'capture', 'refund'];
/** The mix of the scenario `mix`, as upper bounds of one draw: fresh card 60 %, token 30 %, capture 7 %, refund 3 %. */
const mixBounds = { debit: 0.3, preauthorization: 0.6, token: 0.9, capture: 0.97 } as const;
const drainPatienceMs = 20_000;
/** Longer than any request or answer here. */
const bufferBytes = 8_192;

function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
  const random = seededRandom(plan.seed);
  const cards: CardSource = createCardSource(random);
  const run = `b${(plan.seed >>> 0).toString(36)}`;
  const templates = buildTemplates(plan, run);
  const tokens: string[] = plan.merchants.map(() => '');
  const capturable: Done[] = [];
  const refundable: Done[] = [];
  const errors: Record<string, number> = {};
  let latencies = new Float64Array(1 << 18);
  let phase: Phase = plan.scenario === 'mix' ? 'preparing' : 'warming';
  let registered = 0;
  let references = 0;
  let measuredFromMs = 0;
  let elapsedMs = 0;
  let answered = 0;
  let succeeded = 0;
  let brokenConnections = 0;
  let captured = 0;
  let open = 0;
  let inFlight = 0;

  /** Chooses the next act of a lane and its subject; the id of the subject, or empty. Undefined when there is nothing to do. */
  function choose(lane: Lane): string | undefined {
    lane.merchant = Math.floor(random() * plan.merchants.length);
    lane.amountMinor = 10_000 + Math.floor(random() * 90_000);
    if (phase === 'preparing') {
      if (registered >= plan.merchants.length) return undefined;
      lane.act = 'register';
      lane.merchant = registered;
      registered += 1;
      return '';
    }
    if (plan.scenario === 'sale') {
      lane.act = 'debit';
      return '';
    }
    const draw = random();
    if (draw < mixBounds.debit) lane.act = 'debit';
    else if (draw < mixBounds.preauthorization) lane.act = 'preauthorization';
    else if (draw < mixBounds.token) {
      lane.act = 'token';
      return tokens[lane.merchant] ?? '';
    } else {
      lane.act = draw < mixBounds.capture ? 'capture' : 'refund';
      const subject = (lane.act === 'capture' ? capturable : refundable).shift();
      if (subject !== undefined) {
        lane.merchant = subject.merchant;
        lane.amountMinor = subject.amountMinor;
        return subject.id;
      }
      // Nothing to act upon yet: a payment that makes something to act upon.
      lane.act = lane.act === 'capture' ? 'preauthorization' : 'debit';
    }
    return '';
  }

  function send(lane: Lane): void {
    const id = choose(lane);
    if (id === undefined) return;
    const template = templates[lane.merchant]?.[lane.act] as Template;
    const { out } = lane;
    template.bytes.copy(out);
    if (template.idAt >= 0) out.write(id, template.idAt, 'latin1');
    writeAmount(out, template.amountAt, lane.amountMinor);
    if (template.panAt >= 0) cards.write(out, template.panAt);
    references += 1;
    writeDigits(out, template.referenceAt, { value: references, width: referenceDigits });
    lane.busy = true;
    inFlight += 1;
    lane.startedAtMs = performance.now();
    lane.socket.write(out.subarray(0, template.bytes.length));
  }

  function take(lane: Lane, answer: Answer): void {
    lane.busy = false;
    inFlight -= 1;
    const success = answer.status === 200 && isSuccess(answer.code);
    if (success) remember(lane, answer);
    else if (isPending(answer.code)) open += 1;
    if (phase === 'measuring') {
      if (answered === latencies.length) latencies = grown(latencies);
      latencies[answered] = performance.now() - lane.startedAtMs;
      answered += 1;
      if (success) succeeded += 1;
    }
    if (!success) count(errors, `${lane.act} ${answer.status} ${answer.code}`);
  }

  function remember(lane: Lane, answer: Answer): void {
    const { act, merchant, amountMinor } = lane;
    if (act !== 'preauthorization' && act !== 'refund') captured += 1;
    if (plan.scenario === 'sale') return;
    if (act === 'register') tokens[merchant] = readRegistrationId(lane.received, answer);
    const done = { merchant, id: readId(lane.received, answer), amountMinor };
    if (act === 'preauthorization') capturable.push(done);
    else if (act === 'debit' || act === 'capture') refundable.push(done);
  }

  function next(lane: Lane): void {
    if (phase !== 'draining') send(lane);
    if (phase === 'preparing' && inFlight === 0) begin();
    if (phase === 'draining' && inFlight === 0) finish();
  }

  function openLane(lane: Lane): Socket {
    const socket = connect({
      host: '127.0.0.1',
      port: plan.port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(bufferBytes),
        callback(size, chunk) {
          if (lane.receivedLength + size > lane.received.length) throw new Error(`an answer is longer than ${bufferBytes} bytes`);
          lane.received.set(chunk.subarray(0, size), lane.receivedLength);
          lane.receivedLength += size;
          const answer = readAnswer(lane.received, lane.receivedLength);
          if (answer !== undefined) {
            lane.receivedLength = 0;
            take(lane, answer);
            next(lane);
          }
          return true;
        },
      },
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      lane.receivedLength = 0;
      if (lane.busy) {
        lane.busy = false;
        inFlight -= 1;
        open += 1;
        brokenConnections += 1;
      }
      if (brokenConnections > 10_000) reject(new Error('the gateway closes each connection; its log says why'));
      if (phase === 'draining') return next(lane);
      lane.socket = openLane(lane);
    });
    socket.on('connect', () => next(lane));
    return socket;
  }

  const lanes: Lane[] = [];
  function begin(): void {
    if (phase === 'preparing' && tokens.some((token) => token.length !== 32)) {
      reject(new Error(`no tokens could be made for the scenario mix: ${JSON.stringify(errors)}`));
      return;
    }
    phase = 'warming';
    setTimeout(measure, plan.warmupMs);
    for (const lane of lanes) if (!lane.busy) send(lane);
  }

  function measure(): void {
    phase = 'measuring';
    measuredFromMs = performance.now();
    tell({ phase: 'measuring' });
    setTimeout(() => {
      elapsedMs = performance.now() - measuredFromMs;
      phase = 'draining';
      tell({ phase: 'measured' });
      setTimeout(finish, drainPatienceMs).unref();
    }, plan.measureMs);
  }

  function finish(): void {
    const sorted = latencies.subarray(0, answered).sort();
    const at = (share: number): number => sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
    resolve({
      ...{ elapsedMs, succeeded, answered, errors, brokenConnections },
      ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) },
      acknowledged: { captured, open: open + inFlight },
    });
    for (const { socket } of lanes) socket.destroy();
  }

  if (phase === 'warming') setTimeout(measure, plan.warmupMs);
  for (let index = 0; index < plan.connections; index += 1) lanes.push(newLane(openLane));
  return promise;
}

function newLane(openLane: (lane: Lane) => Socket): Lane {
  const lane: Omit<Lane, 'socket'> = {
    ...{ out: Buffer.alloc(bufferBytes), received: Buffer.alloc(bufferBytes), receivedLength: 0 },
    ...{ busy: false, act: 'debit', merchant: 0, amountMinor: 0, startedAtMs: 0 },
  };
  const whole = lane as Lane;
  whole.socket = openLane(whole);
  return whole;
}

function buildTemplates({ merchants, port }: LoadPlan, run: string): readonly Readonly<Record<Act, Template>>[] {
  return merchants.map((merchant) => {
    const entries = acts.map((act) => [act, buildTemplate({ act, merchant, port, run })] as const);
    return Object.fromEntries(entries) as Record<Act, Template>;
  });
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}

// Without the bench there is nobody to report to.
process.once('disconnect', () => process.exit(1));
process.once('message', (plan: LoadPlan) => {
  runLoad(plan).then(
    (result) => tell({ phase: 'done', result }),
    (error: unknown) => tell({ phase: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  );
});
