// Pools that the array's command line asks for.
import { expect, it } from 'vitest';
import { startArray } from '../support/array.ts';

it('a pool of --pool is there at the first start, and at the next as it was', async () => {
  await using array = await startArray({ flags: ['--pool', 'pool-a=1GiB', '--pool', 'pool-b=4096'] });
  const pools = async (): Promise<[string, bigint][]> =>
    (await array.admin.listPools({})).pools.map(({ name, capacityBytes }) => [name, capacityBytes]);
  const wanted = [
    ['pool-a', 1024n ** 3n],
    ['pool-b', 4096n],
  ];
  expect(await pools()).toEqual(wanted);
  await array.restart();
  expect(await pools()).toEqual(wanted);
});

it('a pool without a size is refused with how to write it', async () => {
  await expect(startArray({ flags: ['--pool', 'pool-a'] })).rejects.toThrow('--pool pool-a: use NAME=SIZE');
});
