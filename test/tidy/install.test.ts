/** deploy/install.yaml is of this chart, as far as digests can tell; test/deploy/install.test.ts renders it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INSTALL_FILE, staleness } from '../../scripts/generate-install.ts';

const text = readFileSync(INSTALL_FILE, 'utf8');

describe('deploy/install.yaml', () => {
  it('was rendered from the chart as it is now', () => {
    expect(staleness(text)).toBeUndefined();
  });

  it('is found out when it was edited, or rendered from another chart', () => {
    expect(staleness(text.replace('replicas: 1', 'replicas: 2'))).toContain('it was edited');
    expect(staleness(text.replace(/(SHA-256 of the chart: )\w+/, '$1other'))).toContain('the chart has changed');
    expect(staleness('')).toContain('npm run generate:install');
  });
});
