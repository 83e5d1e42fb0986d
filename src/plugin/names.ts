/** Names of objects on the command line. */
import { objectName } from '../api/fields.ts';
import { type Arguments, UsageError } from './command.ts';

const NAME = objectName();

/** The one NAME of a command. Throws UsageError when it cannot be the name of an object. */
export function objectNameArgument(args: Arguments): string {
  return checkedName('NAME', args.only('NAME'));
}

/** The text, when it can be the name of an object or a namespace. Throws UsageError. */
export function checkedName(what: string, text: string): string {
  if (NAME.safeParse(text).success) return text;
  throw new UsageError(`${what} is "${text}": a name has lower-case letters, digits, "-" and "." only`);
}
