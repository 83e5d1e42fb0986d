// Gives deploy/install.yaml, for clusters without Helm: the chart as helm renders it with its defaults, in a namespace that
// enforces the Pod Security standard `restricted`. Run as a program it writes the file when the chart has changed since.
// helm is large to build, so that `npm run check` compares digests only; test/deploy compares the render itself.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinaries, KUBERNETES_VERSION } from './control-plane/binaries.ts';
import { ROOT } from './generate/files.ts';

const CHART = join(ROOT, 'deploy', 'helm', 'lunresync');
const NAMESPACE = 'lunresync-system';

/** Path of the file. */
export const INSTALL_FILE = join(ROOT, 'deploy', 'install.yaml');

const HEAD = /^# Generated from the chart[^]*?\n# SHA-256 of the chart: (\w+)\n# SHA-256 of what follows: (\w+)\n/;

/** Why the file is not what the chart gives, as far as digests can tell; undefined when it is. */
export function staleness(text: string): string | undefined {
  const [head = '', chart, rest] = HEAD.exec(text) ?? [];
  if (chart !== chartDigest()) return 'the chart has changed since it was rendered: run `npm run generate:install`';
  if (rest !== digestOf(text.slice(head.length))) return 'it was edited: run `npm run generate:install`';
  return undefined;
}

/** The whole file, as helm renders it now. */
export async function installText(helm: string): Promise<string> {
  // Whether CustomResourceDefinitions outlive a release is a question for Helm only.
  const options = ['--namespace', NAMESPACE, '--kube-version', KUBERNETES_VERSION, '--set', 'crds.keep=false'];
  const args = ['template', 'lunresync', CHART, '--no-hooks', ...options];
  const { stdout } = await promisify(execFile)(helm, args, { maxBuffer: 64 * 1024 * 1024 });
  const objects = `${namespaceText()}${withoutHelm(stdout)}`;
  return `# Generated from the chart deploy/helm/lunresync by \`npm run generate:install\`; do not edit.
#   kubectl apply --server-side -f deploy/install.yaml
# SHA-256 of the chart: ${chartDigest()}
# SHA-256 of what follows: ${digestOf(objects)}
${objects}`;
}

/** What tells that Helm manages an object would be a lie, and would keep Helm from taking it over. */
function withoutHelm(text: string): string {
  const isHelms = /^\s+(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): |^# Source: /;
  return text
    .split('\n')
    .filter((line) => !isHelms.test(line))
    .join('\n');
}

function namespaceText(): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    app.kubernetes.io/part-of: lunresync
    pod-security.kubernetes.io/enforce: restricted
`;
}

/** Of all that a render depends on. */
function chartDigest(): string {
  const files = globSync(['Chart.yaml', 'values.yaml', '{templates,files}/**/*.{yaml,tpl,json}'], { cwd: CHART });
  return digestOf(
    files
      .toSorted()
      .map((file) => `${file}\n${readFileSync(join(CHART, file), 'utf8')}`)
      .join('\n'),
  );
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function present(): string {
  try {
    return readFileSync(INSTALL_FILE, 'utf8');
  } catch {
    return '';
  }
}

if (import.meta.main) {
  if (staleness(present()) === undefined) {
    console.log('deploy/install.yaml is current.');
  } else {
    const { path } = await findBinaries(['helm'], console.log);
    writeFileSync(INSTALL_FILE, await installText(path('helm')));
    console.log('deploy/install.yaml was rendered.');
  }
}
