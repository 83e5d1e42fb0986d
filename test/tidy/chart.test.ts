/** What the charts say of themselves, against the files that they speak of. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const SITE = 'https://lunresync.io/';
const EXAMPLES = ['storage-array', 'restore-claim', 'undo'];

type Chart = {
  readonly version: string;
  readonly appVersion: string;
  readonly icon: string;
  readonly annotations: Readonly<Record<string, string>>;
};

const readYAML = (path: string): unknown => load(readFileSync(join(ROOT, path), 'utf8'));
const chartOf = (name: string): Chart => readYAML(`deploy/helm/${name}/Chart.yaml`) as Chart;
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };

/** The list that an annotation of Artifact Hub holds as text. */
function listOf(chart: Chart, annotation: string): readonly Readonly<Record<string, string>>[] {
  return load(chart.annotations[`artifacthub.io/${annotation}`] ?? '') as readonly Readonly<Record<string, string>>[];
}

describe.each(['lunresync', 'lunresync-simulator'])('the chart %s', (name) => {
  const chart = chartOf(name);

  it('is of the version in package.json', () => {
    expect(chart).toMatchObject({ version, appVersion: version });
  });

  it('has an icon that there is', () => {
    expect(chart.icon).toMatch(new RegExp(`^${SITE}.*\\.svg$`));
    expect(existsSync(join(ROOT, chart.icon.slice(SITE.length)))).toBe(true);
  });
});

describe('what Artifact Hub is told', () => {
  const chart = chartOf('lunresync');

  it('has the samples as its examples', () => {
    expect(listOf(chart, 'crdsExamples')).toEqual(EXAMPLES.map((sample) => readYAML(`deploy/samples/${sample}.yaml`)));
  });

  it('names both kinds, and the image of this version', () => {
    expect(listOf(chart, 'crds').map(({ kind }) => kind)).toEqual(['LunResync', 'StorageArray']);
    expect(listOf(chart, 'images').map(({ image }) => image)).toEqual([`lunresync:${version}`]);
  });

  it('links to pages that there are', () => {
    for (const { url = '' } of listOf(chart, 'links')) {
      expect(url).toMatch(new RegExp(`^${SITE}`));
      expect(existsSync(join(ROOT, url.slice(SITE.length))), url).toBe(true);
    }
  });
});
