/** Faults drawn from a scenario's rates, each from the seed and the effect's own key. */
import { oneOf } from '../../support/one-of.ts';
import { fraction, type Planned } from '../crash/chaos.ts';
import { sideOf } from '../crash/registry.ts';
import type { Chaos, CrashPoint, Effect, Fault, Recovery } from '../world/effects.ts';
import type { Rates, Scenario } from './scenario.ts';

/** gRPC's indefinite codes, and the API server's. */
const RPC_CODES = [1, 2, 4, 8, 10, 13, 14] as const;
const API_CODES = [409, 429, 500, 503, 504] as const;

/** The chaos of a scenario; `onFault` is told of every fault that happens, so that they can be written down. */
export function troubleOf(scenario: Scenario, onFault: (planned: Planned) => void): Chaos {
  const { seed, rates, faults, latencyMs } = scenario;
  const byKey = new Map(faults.map(({ key, fault }) => [key, fault]));
  const draw = (name: string): number => fraction(`${seed} ${name}`);
  return {
    faultOf: (effect) => {
      const fault = rates === undefined ? byKey.get(effect.key) : drawn(effect, rates, draw);
      if (fault !== undefined) onFault({ key: effect.key, fault });
      return fault;
    },
    latencyOf: ({ key }) => [1 + draw(`there ${key}`) * latencyMs, 1 + draw(`back ${key}`) * latencyMs],
    choice: draw,
  };
}

function drawn(effect: Effect, rates: Rates, draw: (name: string) => number): Fault | undefined {
  const own = (name: string): number => draw(`${name} ${effect.key}`);
  const side = sideOf(effect.name);
  if (side === 'array') return own('array crash') < rates.arrayCrash ? arrayCrash(own) : undefined;
  if (side === 'operator' && own('crash') < rates.crash) return operatorCrash(own);
  if (own('lose') < rates.lose) return { kind: own('which') < 0.5 ? 'LoseRequest' : 'LoseAnswer' };
  if (own('late') < rates.late) return { kind: 'Late', delayMs: own('delay') ** 2 * 60_000 };
  if (own('refuse') < rates.refuse)
    return { kind: 'Refuse', code: codeOf(effect, own), isApplied: own('applied') < 0.5 };
  const isCall = side === 'operator' && /^[A-Z]/.test(effect.name);
  if (isCall && own('duplicate') < rates.duplicate) return { kind: 'Duplicate', delayMs: own('delay') ** 2 * 60_000 };
  return undefined;
}

function arrayCrash(own: (name: string) => number): Fault {
  return { kind: 'Crash', point: own('point') < 0.5 ? 'before' : 'after' };
}

function operatorCrash(own: (name: string) => number): Fault {
  const point = oneOf<CrashPoint>(['before', 'lost', 'after'], own('point'));
  return { kind: 'Crash', point, recovery: oneOf<Recovery>(['Restart', 'TakeOver', 'ArrayRestart'], own('recovery')) };
}

function codeOf({ name }: Effect, own: (name: string) => number): number {
  return oneOf(/^[A-Z]/.test(name) ? RPC_CODES : API_CODES, own('code'));
}
