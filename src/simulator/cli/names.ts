/**
 * The names of enum values, as the commands print and read them.
 */
import { UsageError } from './command.ts';

/** The name of a value in a generated enum, or its number. */
export function nameOf(values: Readonly<Record<string, string | number>>, value: number): string {
  const name = values[value];
  return typeof name === 'string' ? name : String(value);
}

/** The value of a name such as `drop-connection` or `DROP_CONNECTION`. Throws UsageError that lists the names. */
export function valueOf(option: string, values: Readonly<Record<string, string | number>>, text: string): number {
  const value = values[text.toUpperCase().replaceAll('-', '_')];
  if (typeof value === 'number' && text !== '') {
    return value;
  }
  const names = Object.keys(values).filter((name) => typeof values[name] === 'number' && name !== 'UNSPECIFIED');
  const known = names.map((name) => name.toLowerCase().replaceAll('_', '-')).join(', ');
  throw new UsageError(`--${option} is ${JSON.stringify(text)}: use one of ${known}.`);
}
