/** The model as a subject of the script. */
import { ManualClock } from '../../../../kubernetes/manual-clock.ts';
import { ApiServerModel } from '../api-server-model.ts';
import type { Subject } from './subject.ts';

/** A new model with a clock of its own. */
export function modelSubject(): Subject & { readonly transport: ApiServerModel } {
  const clock = new ManualClock();
  const transport = new ApiServerModel({ clock, namespaces: [] });
  return {
    transport,
    pass: async (ms) => {
      await settle();
      clock.advance(ms);
      await settle();
    },
    restart: async () => transport.restart(),
    compact: async () => transport.compact(),
    backUp: async () => {
      const backUp = transport.backUp();
      return async () => transport.restore(backUp);
    },
  };
}

/** Until no promise can go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
