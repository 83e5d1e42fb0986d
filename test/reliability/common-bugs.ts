/** Bugs that both have to find: the model, where each is a rule taken out, and the simulation. */
import type { SourcePatch } from '../support/source-patches.ts';

export const ENDS_WITHOUT_PROOF: SourcePatch = {
  name: 'ends without proof',
  why: 'a run that is to end says so while its request is still on its way',
  file: 'core/begin.ts',
  find: 'return o.resync.status.ending === undefined ? recordEnding(o, wanted) : cancelAttempt(o, operationID);',
  replace: 'return fail(o, wanted);',
};

export const COMPARES_PRESENT_GENERATION: SourcePatch = {
  name: 'compares the present generation at the end',
  why: 'another object may have come to the target since, and the two throw away each other’s successes',
  file: 'core/success.ts',
  find: "  if (run.pairsDigest !== o.pairsDigest) return 'for other pairs than those of the object';",
  replace: "  if (run.endGeneration !== target.lun?.generation) return 'but the target has moved on';",
};

export const BELIEVES_STATUS: SourcePatch = {
  name: 'believes the status before the runs',
  why: 'a success that was not recorded is overwritten by another attempt',
  file: 'core/decide.ts',
  find: "if (newest?.outcome === 'Succeeded' && disagreement === undefined)",
  replace: "if (newest?.outcome === 'Succeeded' && newest.operationID === operationID && disagreement === undefined)",
};

export const LETS_GO_AT_ONCE: SourcePatch = {
  name: 'lets go of a deleted object at once',
  why: 'the operation runs on for nobody',
  file: 'core/decide.ts',
  find: 'if (isDeleting && policyOf(o)?.abandoned)',
  replace: 'if (isDeleting)',
};

export const COMPARES_NO_GENERATIONS: SourcePatch = {
  name: 'compares no generations',
  why: 'a late request of a deleted object is accepted',
  file: 'simulator/state/admission.ts',
  find: '    () => staleFault(state, request),\n',
  replace: '',
};

export const RUNS_TWO_ON_ONE_TARGET: SourcePatch = {
  name: 'runs two operations on one target',
  why: 'they overwrite each other',
  file: 'simulator/state/admission.ts',
  find: '    () => busyFault(state, request),\n',
  replace: '',
};

export const PUTS_WRECK_ONLINE: SourcePatch = {
  name: 'puts a wreck online when it was not touched again',
  why: 'an attempt that ends before its first block makes it look whole',
  file: 'simulator/state/end.ts',
  find: "  return pair.isTouched ? 'INCONSISTENT' : pair.stateBefore;",
  replace: "  return pair.isTouched ? 'INCONSISTENT' : 'ONLINE';",
};

export const FENCES_NO_CANCELLED_REQUEST: SourcePatch = {
  name: 'does not fence a cancelled request',
  why: 'it arrives after it was declared dead',
  file: 'simulator/state/cancel.ts',
  find: '      draft.raiseFence(lun);',
  replace: '      draft.putLun(lun);',
};

export const REMEMBERS_ONE_RUN: SourcePatch = {
  name: 'remembers one run a LUN',
  why: 'what an earlier object did is forgotten',
  file: 'simulator/state/runs.ts',
  find: '.slice(-maxRuns)',
  replace: '.slice(-1)',
};
