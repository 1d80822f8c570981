/** `/scheduling/v1/schedules`: payments with a stored card that make themselves. */
import type { FastifyInstance } from 'fastify';
import { cancel, plan } from '../../../core/subscription/plan.ts';
import type { DialectContext } from '../../dialect.ts';
import { envelope, send } from '../answer.ts';
import { fromWireId } from '../ids.ts';
import { checkerOf } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { problemOf } from '../refusals.ts';
import { readQuery, readRequest } from '../request.ts';
import { readSchedule } from '../schedule.ts';
import { deletionParameters, scheduleParameters } from '../wire.ts';
import { writeCancellation, writeSchedule } from '../write.ts';

const checkSchedule = checkerOf(scheduleParameters);
const checkDeletion = checkerOf(deletionParameters);

export function registerSchedules(app: FastifyInstance, context: DialectContext): void {
  app.post('/scheduling/v1/schedules', async (request, reply) => {
    const read = await readRequest(context, request, checkSchedule);
    const planned = await plan(context.engine, readSchedule(read));
    if (planned.kind === 'refused') throw problemOf(planned.refusal, undefined);
    if (planned.repeat) reply.header('idempotent-replayed', 'true');
    return send(reply, 200, { ...writeSchedule(planned.schedule, context.mode), ...envelope(context, read.channel.wireId, read.nowMs) });
  });

  app.delete<{ Params: { id: string } }>('/scheduling/v1/schedules/:id', async (request, reply) => {
    const { channel, parameters, nowMs } = await readQuery(context, request, checkDeletion);
    const scheduleId = fromWireId(request.params.id);
    if (scheduleId === undefined) throw new Problem('100.360.303');
    const canceled = await cancel(context.engine, { channel, scheduleId });
    if (canceled.kind === 'refused') throw problemOf(canceled.refusal, undefined);
    const body = writeCancellation({ cancelId: canceled.cancelId, scheduleId, parameters }, context.mode);
    return send(reply, 200, { ...body, ...envelope(context, channel.wireId, nowMs) });
  });
}
