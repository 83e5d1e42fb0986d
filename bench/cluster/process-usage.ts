// What a process has used, as Linux counts it.
import { readFile } from 'node:fs/promises';

/** The unit of times in /proc, which is the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time of a process, all threads, user and system. Throws when it does not run. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The program's name stands in brackets and may hold spaces; utime and stime are the 14th and 15th field of all.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The most memory that a process has had resident, in MiB. Throws when it does not run. */
export async function peakMemoryMiB(pid: number): Promise<number> {
  return memoryMiB(pid, 'VmHWM');
}

/** The memory that a process has resident now, in MiB. Throws when it does not run. */
export async function residentMemoryMiB(pid: number): Promise<number> {
  return memoryMiB(pid, 'VmRSS');
}

/** What of it is the process's own, in MiB: the rest are pages of files, such as the program's code, that can be shared. */
export async function ownMemoryMiB(pid: number): Promise<number> {
  return memoryMiB(pid, 'RssAnon');
}

async function memoryMiB(pid: number, field: 'VmHWM' | 'VmRSS' | 'RssAnon'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kib) / 1024;
}
