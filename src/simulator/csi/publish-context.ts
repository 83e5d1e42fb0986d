/**
 * What the controller tells a node about a volume that is published to it.
 */
import { isAbsolute } from 'node:path';
import { invalidArgument } from '../services/rpc-failures.ts';

/** Where the LUN's file is, and whether the node may only read it. */
export type PublishContext = { readonly path: string; readonly isReadonly: boolean };

/** As it travels. */
export function publishContext({ path, isReadonly }: PublishContext): Record<string, string> {
  return { path, readonly: String(isReadonly) };
}

/** As it arrives. Throws INVALID_ARGUMENT when it is none of ours. */
export function publishContextOf(context: Readonly<Record<string, string>>): PublishContext {
  const { path, readonly } = context;
  if (path === undefined || !isAbsolute(path) || (readonly !== 'true' && readonly !== 'false')) {
    throw invalidArgument('publish_context has no path of a LUN.', 'Pass what ControllerPublishVolume answered.');
  }
  return { path, isReadonly: readonly === 'true' };
}
