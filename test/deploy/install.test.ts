// deploy/install.yaml: what a cluster without Helm gets.
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { DEPLOY, findBinaries, KUBERNETES_VERSION } from '../../scripts/control-plane/binaries.ts';
import { INSTALL_FILE, installText } from '../../scripts/generate-install.ts';
import { BUILD_MS, named, only, type Rendered, render, runProgram } from './helm.ts';
import { SCHEMA_PATH, schemaFolder } from './schemas.ts';

const text = readFileSync(INSTALL_FILE, 'utf8');
const objects = loadAll(text) as readonly Rendered[];

describe('deploy/install.yaml', { timeout: BUILD_MS }, () => {
  it('is byte for byte what helm renders', async () => {
    const { path } = await findBinaries(DEPLOY, (line) => process.stderr.write(`${line}\n`));
    expect(await installText(path('helm'))).toBe(text);
  });

  it('has the objects of the chart without its test, and a namespace for them', async () => {
    const rendered = await render();
    const wanted = named(rendered.filter(({ kind }) => kind !== 'Pod'));
    expect(named(objects)).toEqual([...wanted, 'Namespace lunresync-system'].toSorted());
    expect(only(objects, 'Deployment')['spec']).toMatchObject({ replicas: 1 });
    expect(only(objects, 'Deployment').metadata.namespace).toBe('lunresync-system');
    expect(only(objects, 'Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('says nowhere that Helm manages it', () => {
    expect(text).not.toMatch(/helm\.sh|Helm/);
  });

  it('has valid objects without an unknown field', async () => {
    const schemas = `${await schemaFolder(KUBERNETES_VERSION)}/${SCHEMA_PATH}`;
    const { output } = await runProgram('kubeconform', ['-strict', '-summary', '-schema-location', schemas, '-'], text);
    expect(output).toContain('Invalid: 0, Errors: 0, Skipped: 0');
  });
});
