/** Quantities of the Kubernetes API, as numbers. */

const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a quantity stands for; of bytes, whole ones. Throws a TypeError for anything else.
 * Source: k8s.io/apimachinery, pkg/api/resource, the grammar of Quantity.
 */
export function parseQuantity(quantity: string): number {
  const [, number = '', suffix = ''] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]{0,2})$/.exec(quantity) ?? [];
  const factor = FACTORS[suffix];
  const value = Number(number) * (factor ?? Number.NaN);
  if (number === '' || !Number.isFinite(value)) throw new TypeError(`"${quantity.slice(0, 40)}" is no quantity`);
  return Math.ceil(value);
}
