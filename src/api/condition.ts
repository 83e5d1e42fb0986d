// metav1.Condition as a schema, with bounds that keep an object small.
import { z } from 'zod';
import { count64, keyedBy, text, time, word } from './fields.ts';

/** Longest message of a condition, in characters. */
export const MAX_CONDITION_MESSAGE = 512;

/** Most conditions an object may have; every type that is written today, and two that may come. */
export const MAX_CONDITIONS = 8;

const conditionSchema = z.object({
  type: word(64).describe('Name of the condition, unique in the list.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('One of True, False, Unknown.'),
  observedGeneration: count64().optional().describe('The metadata.generation that the condition was computed from.'),
  lastTransitionTime: time().describe('When status last changed (RFC 3339); a new reason or message does not move it.'),
  reason: word(64).describe('Why the condition has its status: one CamelCase word from a documented list.'),
  message: text(MAX_CONDITION_MESSAGE).describe(
    'What happened and what to do next, for people; at most 512 characters. May be empty.',
  ),
});

/** The list of conditions of either kind; `about` says which types it holds. */
export const conditionsSchema = (about: string): z.ZodOptional<z.ZodArray<typeof conditionSchema>> =>
  z
    .array(conditionSchema)
    .max(MAX_CONDITIONS)
    .optional()
    .meta({ description: about, ...keyedBy('type') });
