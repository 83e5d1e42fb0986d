// The parts of `npm run review` that need no cluster: which verdict a point gets, and what is read in what kubectl prints.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { Findings, MissingMeansError } from '../../scripts/review/findings.ts';
import { POINTS } from '../../scripts/review/points.ts';
import { rulesOf, type Schema } from '../../scripts/review/rules.ts';
import { objectsIn } from '../../scripts/review/schema.ts';
import { percents } from '../../scripts/review/story.ts';
import { VIOLATIONS } from '../../scripts/review/violations.ts';

type Version = { readonly schema: { readonly openAPIV3Schema: Schema } };
type Definition = { readonly spec: { readonly versions: readonly [Version] } };

describe('the verdict of a point', () => {
  it('is "run" when nothing was left out', () => {
    const findings = new Findings();
    findings.expect(true, 'as it should be');
    expect(findings.verdict).toEqual({ word: 'run' });
    expect(findings.unmet).toEqual([]);
  });

  it('is "run in part" when something was missing after the first expectation, "cannot run here" before it', () => {
    const [late, early] = [new Findings(), new Findings()];
    late.expect(true, 'as it should be');
    for (const findings of [late, early]) findings.caught(new MissingMeansError('there is no engine'));
    expect(late.verdict).toEqual({ word: 'run in part', because: 'there is no engine' });
    expect(early.verdict).toEqual({ word: 'cannot run here', because: 'there is no engine' });
    expect([...late.unmet, ...early.unmet]).toEqual([]);
  });

  it('has an unmet expectation when one was not met, and when the point broke off', () => {
    const findings = new Findings();
    findings.expect(false, 'two copies');
    findings.caught(new Error('waited in vain'));
    expect(findings.unmet).toEqual(['two copies', 'waited in vain']);
  });
});

it('there are twenty points, each with another title', () => {
  expect(new Set(POINTS.map(({ title }) => title)).size).toBe(20);
});

describe('the rules of the CustomResourceDefinitions', () => {
  const rules = ['lunresyncs', 'storagearrays'].flatMap((kind) => {
    const path = join(import.meta.dirname, '..', '..', 'deploy', 'crds', `${kind}.lunresync.io.yaml`);
    return rulesOf((load(readFileSync(path, 'utf8')) as Definition).spec.versions[0].schema.openAPIV3Schema, '');
  });

  it('have a violation each, and there is none of a rule that has gone', () => {
    expect([...VIOLATIONS.keys()].toSorted()).toEqual(rules.map(({ message }) => message).toSorted());
  });

  it('are reported at their fields, in a list at its first item', () => {
    const fields = new Map(rules.map(({ message, field }) => [message, field]));
    expect(fields.get('`target` may be left out only with `volumeSnapshotName` or `undoOf`')).toBe(
      'spec.pairs[0].target',
    );
    expect(fields.get('`completionTime` is immutable once set')).toBe('status.completionTime');
    expect(fields.get('`undoOf` must name another LunResync')).toBe('spec.pairs');
  });
});

describe('what kubectl prints', () => {
  it('of explain --recursive gives the paths of the objects', () => {
    const printed = [
      'FIELDS:',
      '  arrayName\t<string>',
      '  pairs\t<[]Object> -required-',
      '    name\t<string> -required-',
      '    source\t<Object> -required-',
      '      lunID\t<string>',
      '  verify\t<string>',
      '  enum: Digest, None',
    ].join('\n');
    expect(objectsIn('lunresync.spec', printed)).toEqual([
      'lunresync.spec',
      'lunresync.spec.pairs',
      'lunresync.spec.pairs.source',
    ]);
  });

  it('of get --watch gives the percentages of the sample alone', () => {
    const printed = [
      'NAME              STATUS      PROGRESS         PAIRS   DATA            AGE',
      'refresh-staging   Validating                   0/2     Untouched       0s',
      'another           Completed   100% of 48 MiB   2/2     MatchesSource   1s',
      'refresh-staging   Copying     7% of 48 MiB     0/2     Overwriting     1s',
      'refresh-staging   Copying     54% of 48 MiB    0/2     Overwriting     3s',
    ].join('\n');
    expect(percents(printed)).toEqual([7, 54]);
  });
});
