/**
 * The service lunarray.v1.LunArray: checks what comes in, asks the state, answers with messages.
 */
import { status } from '@grpc/grpc-js';
import type { LunArray } from '../../proto/lunarray/v1/lunarray_pb.js';
import { CancelState, Outcome } from '../../proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { CallContext, ServiceImplementation } from '../../rpc/service-types.ts';
import type { ArrayParts } from '../array-parts.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { startOperation } from '../operations/start-operation.ts';
import { deleteSafetySnapshots, forceOnline } from '../state/administration.ts';
import { cancelOperation, releaseOperation } from '../state/cancel.ts';
import { checkedID, checkedList, checkedNumber, checkedText } from './arguments.ts';
import { type CallGuard, type CallSubject, subjectOf } from './call-guard.ts';
import type { ContractClaims } from './contract-claims.ts';
import { listLuns, listOperations, lunsByID } from './listings.ts';
import { lunMessage, operationMessage } from './messages.ts';
import { watchOperations } from './operation-watch.ts';
import { accepted, notFound } from './rpc-failures.ts';
import { ownerLimits, startArguments } from './start-arguments.ts';

type Service = ServiceImplementation<typeof LunArray>;

/** What the service needs. */
export type ServiceParts = {
  readonly parts: ArrayParts;
  readonly runner: OperationRunner;
  readonly guard: CallGuard;
  readonly claims: ContractClaims;
};

/** The service's handlers. */
export function lunArrayService(service: ServiceParts): Service {
  const { parts, guard, claims } = service;
  const { committed } = parts;
  return {
    getArray: guarded(guard, 'GetArray', () => ({
      arrayId: committed.state.arrayID,
      vendor: 'LunResync',
      product: 'Simulated array',
      contractVersion: claims.version,
      capabilities: claims.capabilities,
    })),
    getLuns: guarded(guard, 'GetLuns', (request) => ({
      luns: lunsByID(parts, request),
      arrayId: parts.committed.state.arrayID,
    })),
    listLuns: guarded(guard, 'ListLuns', (request) => listLuns(parts, request)),
    getOperation: guarded(guard, 'GetOperation', ({ operationId }) => {
      const operation = committed.state.operations.get(checkedID('operation_id', operationId));
      if (operation === undefined) {
        throw notFound(`There is no record of operation ${operationId}.`);
      }
      return { operation: operationMessage(operation) };
    }),
    listOperations: guarded(guard, 'ListOperations', (request) => listOperations(parts, request)),
    watchOperations: (request, context) => watch(service, request.ownerPrefix, context),
    ...mutations(service),
  };
}

type Mutations = Pick<
  Service,
  'startOperation' | 'cancelOperation' | 'releaseOperation' | 'deleteSafetySnapshots' | 'forceOnline'
>;

function mutations({ parts, runner, guard }: ServiceParts): Mutations {
  const { committed } = parts;
  return {
    startOperation: guarded(guard, 'StartOperation', async (request) => {
      checkArrayID(parts, request.arrayId);
      const { operation } = accepted(await startOperation(parts, runner, startArguments(request)));
      return { operation: operationMessage(operation) };
    }),
    cancelOperation: guarded(guard, 'CancelOperation', async (request) => {
      checkArrayID(parts, request.arrayId);
      const operationID = checkedID('operation_id', request.operationId);
      const owner = checkedText('owner', request.owner, ownerLimits);
      const ids = checkedList('target_lun_ids', request.targetLunIds, { min: 1, max: 64 });
      const targetLunIDs = ids.map((id) => checkedID('target_lun_ids', id));
      const result = accepted(
        await committed.update((state) => cancelOperation(state, { operationID, owner, targetLunIDs })),
      );
      if (result.kind === 'STOPPING') {
        runner.cancel(operationID);
      }
      return {
        state: CancelState[result.kind],
        outcome: result.kind === 'ENDED' ? Outcome[result.outcome] : Outcome.UNSPECIFIED,
        luns: lunsByID(parts, { ids: targetLunIDs, owners: [owner], runId: '' }),
      };
    }),
    releaseOperation: guarded(guard, 'ReleaseOperation', async (request) => {
      checkArrayID(parts, request.arrayId);
      const operationID = checkedID('operation_id', request.operationId);
      await committed.update((state) => releaseOperation(state, operationID));
      return {};
    }),
    deleteSafetySnapshots: guarded(guard, 'DeleteSafetySnapshots', async (request) => {
      checkArrayID(parts, request.arrayId);
      const owner = checkedText('owner', request.owner, ownerLimits);
      const { lunIDs } = accepted(await committed.update((state) => deleteSafetySnapshots(state, owner)));
      await parts.files.remove(lunIDs);
      return { deleted: lunIDs.length };
    }),
    forceOnline: guarded(guard, 'ForceOnline', async (request) => {
      checkArrayID(parts, request.arrayId);
      const lunID = checkedID('lun_id', request.lunId);
      const ifGeneration = checkedNumber('if_generation', request.ifGeneration);
      const lun = accepted(await committed.update((state) => forceOnline(state, { lunID, ifGeneration })));
      return { lun: lunMessage(lun, parts.files.allocatedBytes(lun.id), () => false) };
    }),
  };
}

function guarded<Request extends object, Response>(
  guard: CallGuard,
  method: string,
  work: (request: Request) => Promise<Response> | Response,
): (request: Request, context: CallContext) => Promise<Response> {
  return async (request, context) => guard.run(method, subjectOf(request), { context, work: () => work(request) });
}

async function* watch(
  { parts, guard }: ServiceParts,
  ownerPrefix: string,
  context: CallContext,
): AsyncGenerator<{ operation: ReturnType<typeof operationMessage> }, void, undefined> {
  const subject: CallSubject = { owner: ownerPrefix, operationID: '', lunIDs: [] };
  checkedText('owner_prefix', ownerPrefix, { min: 0, max: 512 });
  await guard.run('WatchOperations', subject, { context, work: () => undefined });
  for await (const operation of watchOperations(parts.committed, ownerPrefix, context.signal)) {
    yield { operation: operationMessage(operation) };
  }
}

/** A caller that means another array changes nothing here. Source: lunarray.proto, "Rules that hold for every call". */
function checkArrayID(parts: ArrayParts, arrayID: string): void {
  const own = parts.committed.state.arrayID;
  if (arrayID !== own) {
    throw new RpcError(status.FAILED_PRECONDITION, `This is array ${own} and not ${arrayID.slice(0, 128)}.`, {
      reason: 'VSS_E_BAD_STATE',
      remedy: 'Check which array the endpoint leads to.',
    });
  }
}
