/** CPU time and memory of processes, as Linux shows them under /proc. Elsewhere there are no figures. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of one process or a family of them. */
export interface Usage {
  /** User and system time, in ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** proc_pid_stat(5): times are in clock ticks, of which Linux shows programs 100 a second whatever its own rate is. */
const tickMs = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ownTicks: number;
  /** Of children that have ended and been waited for. */
  readonly endedChildrenTicks: number;
}

function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name is in parentheses and may itself hold spaces and parentheses.
  const nameEnd = text.lastIndexOf(')');
  const fields = text
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, childrenUtime = 0, childrenStime = 0] = fields.slice(11, 15);
  return {
    pid,
    parent: fields[1] ?? 0,
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    ownTicks: utime + stime,
    endedChildrenTicks: childrenUtime + childrenStime,
  };
}

function readMemoryBytes(pid: number): { readonly own: number; readonly shared: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    return { own: read('RssAnon') + read('RssFile'), shared: read('RssShmem') };
  } catch {
    return { own: 0, shared: 0 };
  }
}

/** One process by itself; undefined when it is gone, or where there is no /proc. */
export function usageOf(pid: number): Usage | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  const { own, shared } = readMemoryBytes(pid);
  return { cpuMs: stat.ownTicks * tickMs, rssBytes: own + shared };
}

/**
 * A process with its children, also those that have ended. Memory that they share (PostgreSQL's buffers) is counted once, as much of it as the
 * process with the largest part has touched.
 */
export function usageOfFamily(pid: number): Usage | undefined {
  const head = readStat(pid);
  if (head === undefined) return undefined;
  const members = [head, ...childrenOf(pid)];
  const memory = members.map((member) => readMemoryBytes(member.pid));
  const ticks = members.reduce((sum, { ownTicks, endedChildrenTicks }) => sum + ownTicks + endedChildrenTicks, 0);
  return {
    cpuMs: ticks * tickMs,
    rssBytes: memory.reduce((sum, { own }) => sum + own, 0) + Math.max(...memory.map(({ shared }) => shared)),
  };
}

/** The direct children of a process. */
export function childrenOf(pid: number): readonly { readonly pid: number; readonly name: string }[] & readonly Stat[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat): stat is Stat => stat !== undefined && stat.parent === pid);
}

/** The command line of a process; empty when it is gone. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** The whole machine since it started, all cores together, in ms. */
export interface MachineUsage {
  readonly busyMs: number;
  /** Idle while a disk was waited for. */
  readonly diskWaitMs: number;
  /** Taken by other machines on the same hardware. */
  readonly stolenMs: number;
}

/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. Undefined where there is no /proc. */
export function usageOfMachine(): MachineUsage | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/stat', 'utf8');
  } catch {
    return undefined;
  }
  const [user = 0, nice = 0, system = 0, , diskWait = 0, irq = 0, softIrq = 0, stolen = 0] = (text.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { busyMs: (user + nice + system + irq + softIrq) * tickMs, diskWaitMs: diskWait * tickMs, stolenMs: stolen * tickMs };
}
