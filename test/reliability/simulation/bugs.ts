/**
 * Bugs that the simulation must find: rules of the protocol that are taken out, and bugs that peers have had, made again.
 * Each is a change of the project's sources as they are loaded for the search, and of nothing else.
 */
import type { SourcePatch } from '../../support/source-patches.ts';
import { ARRAY_BUGS } from './bugs-array.ts';
import { OPERATOR_BUGS } from './bugs-operator.ts';

export const BUGS: readonly SourcePatch[] = [...OPERATOR_BUGS, ...ARRAY_BUGS];
