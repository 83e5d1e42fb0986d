/** The manual's page of reasons against the table in the code. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REASONS_PAGE, reasonsPage } from '../../scripts/generate-reasons.ts';
import { HRESULTS } from '../../src/core/hresult.ts';
import { REASONS, type Reason } from '../../src/core/reasons.ts';

const page = readFileSync(REASONS_PAGE, 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));
const named = rows.map((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? line);

describe('docs/reference/reasons.md', () => {
  it('has every reason of the table', () => {
    expect(Object.keys(REASONS).filter((name) => !named.includes(name))).toEqual([]);
  });

  it('has no reason twice and none that the table has not', () => {
    expect(named.filter((name, at) => !Object.hasOwn(REASONS, name) || named.indexOf(name) !== at)).toEqual([]);
  });

  it('is what npm run generate:reasons writes', () => {
    expect(page).toBe(reasonsPage());
  });
});

describe('the table of reasons', () => {
  it.each(Object.entries<Reason>(REASONS))(
    'gives %s an HRESULT that fits its kind, and a remedy if it is a failure',
    (_, reason) => {
      const { hresult, kind, remedy, meaning } = reason;
      expect(meaning).toMatch(/\w.*\.$/);
      if (kind === 'Active') expect(hresult).toBe('VSS_S_ASYNC_PENDING');
      if (kind === 'Success') expect(hresult).toBe('VSS_S_ASYNC_FINISHED');
      if (kind !== 'Failure') return;
      expect(remedy).toMatch(/\w.*\.$/);
      expect(HRESULTS[hresult]).toMatch(hresult === 'VSS_S_ASYNC_CANCELLED' ? /^0x0004/ : /^0x8/);
    },
  );
});
