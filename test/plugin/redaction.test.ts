/** What a diagnosis must not tell. */
import { describe, expect, it } from 'vitest';
import { arraysOf } from '../../src/plugin/diagnosis.ts';
import { linesAbout } from '../../src/plugin/operator-log.ts';
import { Redaction } from '../../src/plugin/redaction.ts';
import { run } from './runs.ts';

function redacted(value: unknown): unknown {
  const redaction = new Redaction();
  redaction.learn(value);
  return redaction.redact(value);
}

describe('a redacted diagnosis', () => {
  it('has one name for each LUN, wherever it stands, and no id', () => {
    const value = {
      pairs: [{ name: 'a', source: { lunID: 'vol-1' }, target: { lunID: 'vol-10', identifier: '3:60014' } }],
      safetySnapshotID: 'vol-1.safe',
      grants: [{ lunIDs: ['vol-1', 'vol-*'] }],
      action: { sourceLunID: 'vol-1' },
      message: 'copied vol-1 over vol-10. vol-1.safe is kept; vol-100 is another',
    };
    expect(redacted(value)).toEqual({
      pairs: [{ name: 'a', source: { lunID: '<lun 1>' }, target: { lunID: '<lun 2>', identifier: '<lun 3>' } }],
      safetySnapshotID: '<lun 4>',
      grants: [{ lunIDs: ['<lun 1>', '<lun 5>'] }],
      action: { sourceLunID: '<lun 1>' },
      message: 'copied <lun 1> over <lun 2>. <lun 4> is kept; vol-100 is another',
    });
  });

  it('has no secrets, in fields or in texts', () => {
    const value = {
      token: 'abc',
      tls: { certificate: 'xyz' },
      headers: ['Authorization: Basic YWJj'],
      message: 'sent Bearer abc.def-1 to it',
      err: 'bad -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- end',
      jwt: 'eyJhbGciOi.eyJzdWIi.c2ln was refused',
      wwn: 'naa.6001405abcdef is busy',
      cut: '-----BEGIN CERTIFICATE-----\nMIIE',
    };
    expect(redacted(value)).toEqual({
      token: '<redacted>',
      tls: '<redacted>',
      headers: ['<redacted>'],
      message: 'sent Bearer <redacted> to it',
      err: 'bad <redacted> end',
      jwt: '<redacted> was refused',
      wwn: '<identifier> is busy',
      cut: '<redacted>',
    });
  });

  it('keeps the names of annotations and not what stands in them', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{}}' };
    expect(redacted({ metadata: { annotations } })).toEqual({
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '<redacted>' } },
    });
  });

  it('keeps numbers, words and times', () => {
    const value = { lunID: '1', attempt: 1, at: '2026-11-24T10:01:01Z', dataState: 'Copied', message: 'attempt 1' };
    expect(redacted(value)).toEqual({ ...value, lunID: '<lun 1>', message: 'attempt <lun 1>' });
  });
});

describe('what a diagnosis tells of others', () => {
  it('are no lines of the log about other runs', () => {
    const lines = [
      { msg: 'operator started' },
      { msg: 'run ended', resync: 'shop/mine' },
      { msg: 'run ended', resync: 'shop/other' },
      { msg: 'swept', operation: 'u-2.1', owner: 'c/shop/other/u-2' },
      { msg: 'swept', operation: 'u-1.1', owner: 'c/shop/mine/u-1' },
      { msg: 'reconcile failed', controller: 'lunresync', key: 'shop/other' },
      { msg: 'reconcile failed', controller: 'storagearray', key: 'array-a' },
    ].map((line) => JSON.stringify(line));
    const about = linesAbout([...lines, 'Error: a crash report', ''].join('\n'), {
      namespace: 'shop',
      name: 'mine',
      uid: 'u-1',
    });
    expect(about).toEqual([
      { msg: 'operator started' },
      { msg: 'run ended', resync: 'shop/mine' },
      { msg: 'swept', operation: 'u-1.1', owner: 'c/shop/mine/u-1' },
      { msg: 'reconcile failed', controller: 'storagearray', key: 'array-a' },
      'Error: a crash report',
    ]);
  });

  it('are no other arrays, and no grants of other namespaces', () => {
    const grants = [
      { name: 'own', namespace: 'shop' },
      { name: 'foreign', namespace: 'bank' },
    ];
    const arrays = ['array-a', 'array-b'].map((name) => ({
      metadata: { name },
      spec: { endpoint: 'unix:///a', lunGrants: grants },
    }));
    expect(arraysOf(run({ reason: 'Copying' }), arrays)).toEqual([
      { metadata: { name: 'array-a' }, spec: { endpoint: 'unix:///a', lunGrants: [grants[0]] } },
    ]);
  });
});
