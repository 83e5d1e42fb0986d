/** Gates: writers together, a holder alone, and everybody in the order of arrival. */
import { describe, expect, it } from 'vitest';
import { LunGates } from '../../../src/simulator/operations/lun-gates.ts';

describe('a gate', () => {
  it('lets writers in together and makes a holder wait for all of them', async () => {
    const gates = new LunGates();
    const seen: string[] = [];
    const first = await gates.share('a');
    const second = await gates.share('a');
    const held = gates.hold(['b', 'a']).then((pass) => {
      seen.push('held');
      return pass;
    });
    const late = gates.share('a').then((pass) => {
      seen.push('late');
      return pass;
    });
    first[Symbol.dispose]();
    await Promise.resolve();
    expect(seen).toEqual([]);
    second[Symbol.dispose]();
    const pass = await held;
    await Promise.resolve();
    expect(seen).toEqual(['held']);
    pass[Symbol.dispose]();
    (await late)[Symbol.dispose]();
    expect(seen).toEqual(['held', 'late']);
    await gates.pass(['a', 'b']);
  });

  it('never makes two holders of the same LUNs wait for each other', async () => {
    const gates = new LunGates();
    const take = async (ids: string[]): Promise<void> => {
      using _pass = await gates.hold(ids);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await Promise.all([take(['a', 'b']), take(['b', 'a']), take(['a', 'b', 'c']), take(['c', 'a'])]);
  });
});
