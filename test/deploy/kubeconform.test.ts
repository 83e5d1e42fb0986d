// Every object of the renders against the schemas of the oldest and the newest Kubernetes that is supported.
import { describe, expect, it } from 'vitest';
import { KUBERNETES_VERSION } from '../../scripts/control-plane/binaries.ts';
import { BUILD_MS, CHART, renderText, runProgram } from './helm.ts';
import { SCHEMA_PATH, schemaFolder } from './schemas.ts';
import { ciValues } from './values.ts';

/** The chart's kubeVersion begins with the minor of the first. */
const RELEASES = ['1.29.15', KUBERNETES_VERSION] as const;

/** Kinds of the Prometheus operator, of which Kubernetes has no schema. */
const FOREIGN = 'ServiceMonitor,PrometheusRule';

type Summary = { readonly valid: number; readonly invalid: number; readonly errors: number; readonly skipped: number };
type Report = { readonly summary: Summary; readonly resources?: readonly { readonly msg: string }[] };

async function conform(text: string, release: string): Promise<Report> {
  const schemas = `${await schemaFolder(release)}/${SCHEMA_PATH}`;
  const args = ['-strict', '-summary', '-output', 'json', '-skip', FOREIGN, '-schema-location', schemas, '-'];
  const { output } = await runProgram('kubeconform', args, text);
  return JSON.parse(output) as Report;
}

describe.each(RELEASES)('for Kubernetes %s', { timeout: BUILD_MS }, (release) => {
  it.each([...ciValues(CHART)])(
    'the chart renders valid objects without an unknown field: ci/%s',
    async (name, values) => {
      const { summary, resources = [] } = await conform(await renderText(values, release), release);
      expect(resources).toEqual([]);
      expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: name === 'everything' ? 2 : 0 });
      expect(summary.valid).toBeGreaterThan(10);
    },
  );

  it('a field that does not exist is found', async () => {
    const text = (await renderText({}, release)).replace('enableServiceLinks:', 'enableServiceLink:');
    const { summary, resources = [] } = await conform(text, release);
    expect(summary.invalid).toBeGreaterThan(0);
    expect(JSON.stringify(resources)).toContain('enableServiceLink');
  });
});
