/** The sweep of operations that no object declares, by the rule of src/controller/sweep.ts. */
import { declares } from '../../../src/controller/sweep.ts';
import type { Operation } from '../../../src/core/array.ts';
import { cancelOperation, releaseOperation } from '../../../src/simulator/state/cancel.ts';
import { apply } from './array-calls.ts';
import { operationOf } from './array-view.ts';
import type { State, Step } from './state.ts';

export function* sweepable(state: State): Generator<Step> {
  for (const record of state.array.operations.values()) {
    const operation = operationOf(record);
    const [, , name = '', uid] = record.owner.split('/');
    if (declares(state.objects[name], uid, operation)) continue;
    yield { label: `the sweep ends ${record.operationID}`, isFault: false, next: swept(state, operation) };
  }
}

function swept(state: State, { operationID, owner, pairs, outcome }: Operation): State {
  const targetLunIDs = pairs.map((pair) => pair.targetLunID);
  const cancelled =
    outcome === 'Running'
      ? apply(state.array, (from) => cancelOperation(from, { operationID, owner, targetLunIDs })).array
      : state.array;
  const { array } = apply(cancelled, (from) => releaseOperation(from, operationID));
  return { ...state, array };
}
