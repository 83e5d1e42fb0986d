/**
 * What surrounds every CSI call, whichever service it belongs to.
 */
import { RpcError } from '../../rpc/rpc-error.ts';
import type { CallContext, RpcService, ServiceImplementation } from '../../rpc/service-types.ts';
import { type CallSubject, subjectOf } from '../services/call-guard.ts';

/** Runs calls: with a line in the log for each, and on an array with the faults that were ordered. */
export type CallRunner = {
  readonly run: <T>(
    method: string,
    subject: CallSubject,
    call: { readonly context: CallContext; readonly work: () => Promise<T> | T },
  ) => Promise<T>;
};

type Handler = (request: object, context: CallContext) => Promise<object>;

/** The handlers, each of which runs within the runner. */
export function guardedService<S extends RpcService>(
  calls: CallRunner,
  service: S,
  implementation: ServiceImplementation<S>,
): ServiceImplementation<S> {
  const handlers = implementation as unknown as Readonly<Record<string, Handler>>;
  const guarded = service.methods.map(({ name, localName }): [string, Handler] => [
    localName,
    async (request, context) =>
      calls
        .run(name, subjectOf(request), { context, work: () => handlers[localName]?.(request, context) ?? {} })
        .catch((error: unknown) => {
          throw withRemedy(error);
        }),
  ]);
  return Object.fromEntries(guarded) as unknown as ServiceImplementation<S>;
}

/** CSI's callers show the message only, so that it has to say what to do. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.remedy === '') {
    return error;
  }
  const { reason, remedy, metadata } = error;
  return new RpcError(error.code, `${error.message} ${remedy}`, { reason, remedy, metadata, cause: error });
}
