// Before `npm test`: the programs that the tests run are found or built one after the other, so that no test waits for a
// compiler. What cannot be had is told here, and again by each test that needs it.
import { CONTROL_PLANE, DEPLOY, findBinaries, type Program, STORAGE } from './control-plane/binaries.ts';

const GROUPS: readonly (readonly Program[])[] = [
  CONTROL_PLANE,
  STORAGE,
  DEPLOY,
  ['evaluate', 'csi-sanity', 'csi-descriptor'],
];

for (const programs of GROUPS) {
  await findBinaries(programs, console.log).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
  });
}
