/** `diagnose`: one YAML file with what somebody needs who shall help, and nothing that they must not see. */
import { writeFile } from 'node:fs/promises';
import { dump } from 'js-yaml';
import { type Command, CommandFailure } from './command.ts';
import { type Diagnosis, diagnose, OPERATOR_SELECTOR } from './diagnosis.ts';
import { EXIT } from './exit-codes.ts';
import { checkedName, objectNameArgument } from './names.ts';

export const diagnoseCommand: Command = {
  name: 'diagnose',
  usage: 'NAME [--file FILE]',
  summary: 'collect what somebody needs who shall help, without secrets and LUN ids',
  details: `One YAML file: the object, its Events, its StorageArray with the grants of this namespace, and what the operator's
log says of the run. Secrets are left out; LUN ids and identifiers become <lun 1>, <lun 2> and so on, the same one each
time. What you are not allowed to read is named in it. Read it before you give it away.`,
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', help: 'write to this new file instead of the standard output' },
    'operator-namespace': {
      type: 'string',
      value: 'NAMESPACE',
      help: "the operator's namespace (default: it is looked for in all)",
    },
    'operator-selector': {
      type: 'string',
      value: 'LABELS',
      help: `labels of the operator's Pods (default: ${OPERATOR_SELECTOR})`,
    },
  },
  argument: 'LunResync',
  run: async ({ args, io, connect }) => {
    const name = objectNameArgument(args);
    const namespace = args.text('operator-namespace');
    if (namespace !== undefined) checkedName('--operator-namespace', namespace);
    const file = args.text('file');
    await using cluster = await connect();
    const selector = args.text('operator-selector') ?? OPERATOR_SELECTOR;
    const diagnosis = await diagnose(cluster, await cluster.read(name), { namespace, selector });
    if (file === undefined) {
      io.out.write(yamlOf(diagnosis));
      return EXIT.Success;
    }
    await writeNew(file, yamlOf(diagnosis));
    io.out.write(`${file} written\n`);
    return EXIT.Success;
  },
};

/** One document a part, so that each can be read by itself. */
function yamlOf(diagnosis: Diagnosis): string {
  return Object.entries(diagnosis)
    .map(([part, value]) => `---\n${dump({ [part]: value }, { noRefs: true, lineWidth: -1 })}`)
    .join('');
}

/** Readable for its owner only. Never overwrites a file. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const why = code === 'EEXIST' ? 'it exists already; choose another --file' : String(error);
    throw new CommandFailure(EXIT.Error, `${file} was not written: ${why}`, { cause: error });
  }
}
