/** To be loaded before an operator: it gives up a silent watch after two seconds in place of ninety. */
import { installPatches } from '../../../../support/source-patches.ts';

installPatches([
  {
    name: 'short-stall',
    why: 'ninety seconds of silence in every run of the tests',
    file: 'kubernetes/reflector.ts',
    find: 'const STALL_MS = 90_000;',
    replace: 'const STALL_MS = 2_000;',
  },
]);
