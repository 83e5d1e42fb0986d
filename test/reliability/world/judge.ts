/**
 * The invariants, looked at whenever something happens. The judge sees what no part of the system sees: every block that is
 * written, every commit of the array, every version of every object, each at its moment.
 */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { FINALIZER } from '../../../src/api/names.ts';
import type { Changes } from '../../../src/simulator/state/draft.ts';
import { operationWithTarget, runningOperations } from '../../../src/simulator/state/participation.ts';
import type { ArrayState, OperationRecord, PairRecord } from '../../../src/simulator/state/records.ts';
import type { ArrayMachine } from './array-machine.ts';
import { endProblem } from './ends.ts';
import { Ghosts } from './ghosts.ts';
import { lifeProblem } from './lives.ts';
import type { Witness, World } from './world.ts';

/** An invariant does not hold. `rule` is its name in docs/reliability.md. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

export type JudgeOptions = {
  /** Whether a user may take a finalizer off by hand or an etcd may be restored: then an operation can lose its object. */
  readonly mayLoseObjects?: boolean;
  /** Whether the array is made to lie, which nobody can find out who has asked for no proof. */
  readonly mayLie?: boolean;
};

export class Judge implements Witness {
  readonly #options: JudgeOptions;
  readonly #ghosts = new Map<ArrayMachine, Ghosts>();
  readonly #accepted = new Map<string, string>();
  readonly #ended = new Set<string>();
  readonly #rolledBack = new Set<string>();
  /** Uids whose run ended with a half-written target: their safety snapshots are kept for good. */
  readonly #wrecks = new Set<string>();
  /** Operations that are known to have ended well, by uid. */
  readonly #ends = new Map<string, Set<string>>();
  #world: World | undefined;

  constructor(options: JudgeOptions = {}) {
    this.#options = options;
  }

  /** Names the world that this judge is the witness of. */
  watch(world: World): void {
    this.#world = world;
  }

  readonly onCopyWrite = (machine: ArrayMachine, lunID: string): void => {
    const { state } = machine;
    const operation = operationWithTarget(state, lunID);
    if (operation === undefined) throw new Violation('I1', `${lunID} is written by no running operation`);
    const lunState = state.luns.get(lunID)?.state;
    if (lunState !== 'RESYNCING') throw new Violation('I7', `${lunID} is written while it is ${lunState ?? 'gone'}`);
    if (this.#ends.has(uidOf(operation.owner)))
      throw new Violation('I1', `${lunID} is written after its run had succeeded`);
    this.#ghostsOf(machine).dirtied(lunID, operation);
    this.#mustBeDeclared(operation, 'I1');
  };

  readonly onCommit = (machine: ArrayMachine, before: ArrayState, changes: Changes): void => {
    for (const operation of [...changes.operations.values(), ...changes.ended]) {
      if (operation === null) continue;
      const old = before.operations.get(operation.operationID);
      if (old === undefined) this.#onAccepted(machine, operation);
      else if (old.outcome === 'RUNNING' && operation.outcome !== 'RUNNING') this.#onEnded(machine, operation);
    }
    this.#lunsMustBeWhole(machine);
  };

  /** What was committed right before a crash was seen by nobody, and is found when the array is up again. */
  readonly onArrayBoot = (machine: ArrayMachine): void => {
    for (const operation of machine.state.operations.values()) {
      if (!this.#accepted.has(operation.operationID)) this.#accepted.set(operation.operationID, operation.owner);
      else if (!this.#ended.has(operation.operationID)) this.#onEnded(machine, operation);
    }
    this.#lunsMustBeWhole(machine);
  };

  /** The administrator declares a half-written LUN to be good: from now on it is. */
  onForced(machine: ArrayMachine, lunID: string): void {
    const { state } = machine;
    if (state.luns.get(lunID)?.state === 'INCONSISTENT' && operationWithTarget(state, lunID) === undefined)
      this.#ghostsOf(machine).forced(lunID);
  }

  /** Safety snapshots of runs that are gone, and that nobody needs. */
  leaks(machine: ArrayMachine): string[] {
    if (this.#options.mayLoseObjects ?? false) return [];
    const uids = new Set(this.#world?.resyncs().map(({ metadata }) => metadata.uid));
    return [...machine.state.luns.values()]
      .filter(({ safetyOwner }) => safetyOwner !== '')
      .filter(({ safetyOwner }) => !uids.has(uidOf(safetyOwner)) && !this.#wrecks.has(uidOf(safetyOwner)))
      .map(({ id }) => id);
  }

  readonly onResync = (before: LunResync | undefined, after: LunResync | undefined): void => {
    const ends = after !== undefined && isOver(after) && (before === undefined || !isOver(before));
    const letsGo = isHeld(before) && !isHeld(after);
    const mayLose = this.#options.mayLoseObjects ?? false;
    const problem = lifeProblem(before, after, mayLose);
    if (problem !== undefined) throw new Violation(problem.rule, problem.what);
    if ((ends || letsGo) && !mayLose) this.#nothingMayRun((after ?? before)?.metadata.uid ?? '', letsGo ? 'I9' : 'I8');
    if (ends) this.#endMustBeTrue(after);
  };

  /** What the object says of its end is what the judge has seen. */
  #endMustBeTrue(resync: LunResync): void {
    const { uid } = resync.metadata;
    const machines = this.#world?.machines ?? [];
    const problem = endProblem(resync, {
      succeeded: this.#ends.has(uid),
      rolledBack: this.#rolledBack.has(uid),
      written: machines.some((machine) => this.#ghostsOf(machine).wasEverWrittenBy(uid)),
      isHonest: !(this.#options.mayLie ?? false) && !(this.#options.mayLoseObjects ?? false),
    });
    if (problem !== undefined) throw new Violation(problem.rule, `${uid} ${problem.what}`);
    if (resync.status.dataState === 'Inconsistent') this.#wrecks.add(uid);
  }

  #nothingMayRun(uid: string, rule: string): void {
    for (const machine of this.#world?.machines ?? []) {
      if (machine.process === undefined) continue;
      const running = runningOperations(machine.state).find((operation) => operation.owner.endsWith(`/${uid}`));
      if (running !== undefined) throw new Violation(rule, `${running.operationID} runs and its object is over`);
    }
  }

  #onAccepted(machine: ArrayMachine, operation: OperationRecord): void {
    const { operationID, pairs } = operation;
    if (this.#accepted.has(operationID)) throw new Violation('I5', `${operationID} was accepted twice`);
    this.#accepted.set(operationID, operation.owner);
    const others = runningOperations(machine.state).filter((other) => other.operationID !== operationID);
    for (const { targetLunID, sourceLunID } of pairs) {
      const clash = others.find(
        (other) =>
          other.pairs.some((pair) => pair.targetLunID === targetLunID || pair.targetLunID === sourceLunID) ||
          other.pairs.some((pair) => pair.sourceLunID === targetLunID),
      );
      if (clash !== undefined || sourceLunID === targetLunID)
        throw new Violation('I2', `${operationID} shares LUNs with ${clash?.operationID ?? 'itself'}`);
    }
    this.#mustBeDeclared(operation, 'I1');
    this.#ghostsOf(machine).accepted(machine, operation);
  }

  #onEnded(machine: ArrayMachine, operation: OperationRecord): void {
    const { outcome, operationID } = operation;
    this.#ended.add(operationID);
    if (outcome !== 'SUCCEEDED' && outcome !== 'ROLLED_BACK') return;
    const ghosts = this.#ghostsOf(machine);
    const isBack = outcome === 'ROLLED_BACK';
    // All of them: what the array says of one does not change what is true of another.
    const wrong = operation.pairs.map((pair) =>
      isBack ? ghosts.rolledBack(machine, operation, pair) : ghosts.succeeded(machine, operation, pair),
    );
    const isAsked = operation.arguments.verification === 'DIGEST';
    // An array that lies without proof has to be found out by the operator: it has ended nothing.
    if (isAsked && !operation.pairs.every(isProven)) return;
    const lie = wrong.find((what) => what !== undefined);
    if (lie !== undefined && (isAsked || !(this.#options.mayLie ?? false)))
      throw new Violation('I3', `${operationID} ended ${outcome}, but ${lie}`);
    if (isBack) {
      this.#rolledBack.add(uidOf(operation.owner));
      return;
    }
    const uid = uidOf(operation.owner);
    this.#ends.set(uid, (this.#ends.get(uid) ?? new Set()).add(operationID));
  }

  #lunsMustBeWhole(machine: ArrayMachine): void {
    const ghosts = this.#ghostsOf(machine);
    for (const lun of machine.state.luns.values())
      if (lun.state === 'ONLINE' && ghosts.isDirty(lun.id))
        throw new Violation('I7', `${lun.id} is ONLINE and half-written`);
      else if (lun.state !== 'ONLINE' && lun.publishedNodes.length > 0)
        throw new Violation('I7', `${lun.id} is ${lun.state} and published to ${lun.publishedNodes.join(', ')}`);
  }

  /** A live object: of that uid, held by the finalizer, not finished. */
  #mustBeDeclared(operation: OperationRecord, rule: string): void {
    if (this.#options.mayLoseObjects ?? false) return;
    const uid = uidOf(operation.owner);
    const live = this.#world?.resyncs().find((resync) => resync.metadata.uid === uid);
    if (live === undefined || !isHeld(live) || isOver(live))
      throw new Violation(
        rule,
        `${operation.operationID} works for an object that is ${live === undefined ? 'gone' : 'over'}`,
      );
  }

  #ghostsOf(machine: ArrayMachine): Ghosts {
    const known = this.#ghosts.get(machine);
    if (known !== undefined) return known;
    const ghosts = new Ghosts();
    this.#ghosts.set(machine, ghosts);
    return ghosts;
  }
}

function isOver(resync: LunResync): boolean {
  return resync.status.completionTime !== undefined;
}

function isHeld(resync: LunResync | undefined): boolean {
  return (resync?.metadata.finalizers ?? []).includes(FINALIZER);
}

function isProven({ sourceDigest, targetDigest }: PairRecord): boolean {
  return sourceDigest !== '' && sourceDigest === targetDigest;
}

function uidOf(owner: string): string {
  return owner.split('/').at(-1) ?? '';
}
