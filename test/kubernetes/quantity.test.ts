import { describe, expect, it } from 'vitest';
import { formatQuantity } from '../../src/core/format.ts';
import { parseQuantity } from '../../src/kubernetes/quantity.ts';

describe('a quantity', () => {
  it.each([
    ['10Gi', 10 * 2 ** 30],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['128974848', 128_974_848],
    ['129e6', 129_000_000],
    ['129M', 129_000_000],
    ['128974848000m', 128_974_848],
    ['1E', 1e18],
    ['0', 0],
  ])('%s is %d', (quantity, bytes) => {
    expect(parseQuantity(quantity)).toBe(bytes);
  });

  it.each(['', 'Gi', '10 Gi', '10Xi', '1e', '0x10', '1e999'])('"%s" is none', (quantity) => {
    expect(() => parseQuantity(quantity)).toThrow(/is no quantity/);
  });

  it.each([0, 1, 1023, 1024, 10 * 2 ** 30, 2 ** 30 + 512, 3 * 2 ** 50])('of %d bytes is exact', (bytes) => {
    expect(parseQuantity(formatQuantity(bytes))).toBe(bytes);
  });
});
