/** The operator's log as far as it is about one run. Anything else in it is other people's. */

/** Which run: lines name it by namespace and name, or by its uid in an operation's id. */
export type LogSubject = { readonly namespace: string; readonly name: string; readonly uid: string };

/** The lines about the run, and those about no run at all, parsed; what is no JSON is a crash report and stays a text. */
export function linesAbout(log: string, subject: LogSubject): unknown[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map(parsed)
    .filter((line) => isAbout(line, subject));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function isAbout(line: unknown, { namespace, name, uid }: LogSubject): boolean {
  if (typeof line !== 'object' || line === null) return true;
  const { resync, key, controller, operation, owner } = line as Readonly<Record<string, unknown>>;
  const own = `${namespace}/${name}`;
  if (resync !== undefined) return resync === own;
  if (typeof operation === 'string') return operation.startsWith(`${uid}.`);
  if (owner !== undefined) return false;
  // The key of a StorageArray has no namespace; what fails there concerns everybody.
  if (controller !== undefined) return key === own || !String(key).includes('/');
  return true;
}
