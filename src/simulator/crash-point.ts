/**
 * The instant at which the process ends as by a power cut, for tests: `LUNARRAY_CRASH_AT=clone:after:2` ends it right after
 * the second clone. The points are what changes a disk: commits of the store, and changes of the files.
 */
import type { CopyHandle } from './blocks/copier.ts';
import type { ArrayStore, LunFiles } from './ports.ts';

const STORE_POINTS = ['commit', 'putDigests', 'putFault'] as const satisfies (keyof ArrayStore)[];
const FILE_POINTS = ['create', 'clone', 'resize', 'remove', 'copy'] as const satisfies (keyof LunFiles)[];

/** What a process can be ended at. */
export const CRASH_POINTS: readonly string[] = [...STORE_POINTS, ...FILE_POINTS];

/** `during` is the first news of a copy, which says that blocks have been written. */
export const CRASH_MOMENTS = ['before', 'during', 'after'] as const;

export type CrashPoint = { readonly point: string; readonly moment: string; readonly nth: number };

/** The point in LUNARRAY_CRASH_AT; undefined when there is none. Throws an Error for the reader when it is none. */
export function crashPointOf(text: string | undefined): CrashPoint | undefined {
  if (text === undefined || text === '') {
    return undefined;
  }
  const [point = '', moment = '', nth = '1'] = text.split(':');
  const isKnown = CRASH_POINTS.includes(point) && CRASH_MOMENTS.some((known) => known === moment);
  if (!isKnown || !/^[1-9][0-9]{0,5}$/.test(nth) || (moment === 'during' && point !== 'copy')) {
    throw new Error(
      `LUNARRAY_CRASH_AT is ${text.slice(0, 80)}. It is POINT:MOMENT:N, with POINT of ${CRASH_POINTS.join(', ')}, ` +
        `MOMENT of ${CRASH_MOMENTS.join(', ')} (during: a copy), N from 1.`,
    );
  }
  return { point, moment, nth: Number(nth) };
}

/** The store and the files, which call `crash` when the point is reached. */
export function withCrashPoint(
  machine: { readonly store: ArrayStore; readonly files: LunFiles; readonly crash: () => void },
  at: CrashPoint,
): { readonly store: ArrayStore; readonly files: LunFiles } {
  const counts = new Map<string, number>();
  const reach = (moment: string): void => {
    const count = (counts.get(moment) ?? 0) + 1;
    counts.set(moment, count);
    if (moment === at.moment && count === at.nth) {
      machine.crash();
    }
  };
  return {
    store: reporting(machine.store, at.point, reach),
    files: reporting(machine.files, at.point, reach),
  };
}

type Method = (...values: readonly unknown[]) => unknown;

/** The same object, whose one method says before and after what it did. */
function reporting<T extends object>(object: T, point: string, reach: (moment: string) => void): T {
  return new Proxy(object, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') {
        return member;
      }
      const method = member.bind(target) as Method;
      if (name !== point) {
        return method;
      }
      return name === 'copy' ? reportingCopy(method, reach) : reportingCall(method, reach);
    },
  });
}

function reportingCall(method: Method, reach: (moment: string) => void): Method {
  return async (...values) => {
    reach('before');
    const result: unknown = await method(...values);
    reach('after');
    return result;
  };
}

function reportingCopy(method: Method, reach: (moment: string) => void): Method {
  return (job, onProgress) => {
    reach('before');
    const handle = method(job, (progress: unknown) => {
      reach('during');
      (onProgress as (progress: unknown) => void)(progress);
    }) as CopyHandle;
    const done = handle.done.then((result) => {
      reach('after');
      return result;
    });
    return { ...handle, done };
  };
}
