// The page of the configuration: the operator's options from its table, the simulated array's from its help text, the commands
// of its administrator from their list. What Node or a library reads from the environment is written down here.
import { environmentName, OPTIONS, type Option } from '../../src/daemon/options.ts';
import { faultCommands } from '../../src/simulator/cli/fault-commands.ts';
import { ioCommands } from '../../src/simulator/cli/io-commands.ts';
import { lunCommands } from '../../src/simulator/cli/lun-commands.ts';
import { reportCommands } from '../../src/simulator/cli/report-commands.ts';
import { CRASH_MOMENTS, CRASH_POINTS } from '../../src/simulator/crash-point.ts';
import { usage } from '../../src/simulator/options.ts';
import type { Files } from './files.ts';
import { markdownTable } from './table.ts';

const HEAD = `<!-- Generated from src/daemon/options.ts and src/simulator by \`npm run generate\`; do not edit. -->

# Configuration

Every flag and every environment variable of the programs. There is no configuration file. The values of the charts are in
their own pages: [operator](../../deploy/helm/lunresync/README.md), [simulated array](../../deploy/helm/lunresync-simulator/README.md).
What is set for a run is in its spec, for an array in its StorageArray: [api.md](api.md).
`;

const OPERATOR = `## The operator

\`lunresync-operator [options]\`. A flag outweighs its variable, a variable the default. A duration is a whole number with \`ms\`,
\`s\`, \`m\` or \`h\`. A value that is out of its limits, and a flag that is not known, end the program with exit code 2 before it
has done anything; a *variable* that is not known is not noticed. A switch is \`--name\` or \`--no-name\`; its variable is
\`true\`, \`1\`, \`false\` or \`0\`. A change takes effect at the next start.
`;

const SIMULATOR = `## The simulated array

\`lunresync-simulator --help\` prints:
`;

const LUNARRAY = `## lunarray

The command line of the simulated array's administrator: \`npx lunarray --data DIR COMMAND\`. \`--data DIR\` finds the socket of
the administration in the array's data directory, \`--admin unix:///PATH\` names it; \`--json\` prints JSON. Exit code 2 means
wrong usage, 1 any other error.
`;

const ENVIRONMENT = `## Other environment variables
`;

/** Read by something else than the operator's table. test/tidy/configuration.test.ts finds those that are missing here. */
const VARIABLES: readonly (readonly [name: string, program: string, meaning: string])[] = [
  [
    'KUBECONFIG',
    'operator, plugin',
    'Where the kubeconfig is, when `--kubeconfig` does not say it. The operator prefers the service account of its Pod, where there is one.',
  ],
  [
    'LUNRESYNC_REVISION',
    'operator',
    'The revision that `lunresync_build_info` shows; set by the image. Without it: `unknown`.',
  ],
  ['LUNARRAY_ADMIN', 'lunarray', 'As `--admin`.'],
  ['LUNARRAY_DATA', 'lunarray', 'As `--data`.'],
  [
    'LUNARRAY_CRASH_AT',
    'simulated array',
    `For tests: where the process ends by SIGKILL, as POINT:MOMENT:N. Points: ${CRASH_POINTS.join(', ')}; moments: ${CRASH_MOMENTS.join(', ')} (the second of a copy only).`,
  ],
  [
    'LUNRESYNC_SIMULATOR_SYSCALLS',
    'simulated array',
    '`off`: do without the native calls of Linux. Everything works, and copies are slower.',
  ],
  [
    'PATH',
    'simulated array',
    'Where the programs of the CSI node service are looked for (losetup, mount, blkid, mkfs and the like).',
  ],
  ['NO_COLOR', 'plugin', 'Any value but an empty one: no colours.'],
  ['TERM', 'plugin', '`dumb`: one line for each change instead of a picture that is redrawn.'],
];

export function configurationFiles(): Files {
  const parts = [
    [HEAD, OPERATOR],
    operatorTable(),
    ['', SIMULATOR, '```text', usage.trimEnd(), '```', '', LUNARRAY],
    lunarrayTable(),
    ['', ENVIRONMENT],
    markdownTable(
      ['Variable', 'Program', 'Meaning'],
      VARIABLES.map(([name, ...rest]) => [`\`${name}\``, ...rest]),
    ),
    [''],
  ];
  return new Map([['docs/reference/configuration.md', parts.flat().join('\n')]]);
}

function operatorTable(): string[] {
  const rows = Object.entries<Option<unknown>>(OPTIONS).map(([flag, { placeholder, shown, help }]) => [
    `\`--${flag}\``,
    `\`${environmentName(flag)}\``,
    placeholder === '' ? 'switch' : `\`${placeholder}\``,
    shown === '' ? '' : `\`${shown}\``,
    help,
  ]);
  const printed = [
    ['`--version`', '', '', '', 'print the version'],
    ['`--help`, `-h`', '', '', '', 'print the options'],
  ];
  return markdownTable(['Flag', 'Variable', 'Value', 'Default', 'Meaning'], [...rows, ...printed]);
}

function lunarrayTable(): string[] {
  const commands = [...reportCommands, ...lunCommands, ...ioCommands, ...faultCommands];
  const rows = commands.map(({ name, usage: form, summary }) => [
    `\`${[name, form.replace(/\s+/g, ' ')].join(' ').trim()}\``,
    summary,
  ]);
  return markdownTable(['Command', 'What it does'], rows);
}
