import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/daemon/log.ts';
import { ApiFailure } from '../../src/kubernetes/api-error.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  write(createLogger({ level: 'info', version: '1.2.3', destination }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('writes one JSON line with level, time, service and version', () => {
    const [line] = logged((logger) => logger.info({ resync: 'shop/a' }, 'Started the copy'));
    expect(line?.['ts']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(line).toEqual({
      level: 'info',
      ts: line?.['ts'],
      service: 'lunresync',
      version: '1.2.3',
      resync: 'shop/a',
      msg: 'Started the copy',
    });
  });

  it('leaves out what is below its level', () => {
    expect(logged((logger) => logger.debug('no'))).toEqual([]);
  });

  it('shows an error with the chain of its causes', () => {
    const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const failure = new ApiFailure(
      'get things a',
      { kind: 'Unavailable', code: 0, message: 'no answer' },
      { cause: root },
    );
    const [line] = logged((logger) => logger.error({ err: failure }, 'Failed'));
    expect(line?.['err']).toMatchObject({
      type: 'ApiFailure',
      message: 'get things a: Unavailable: no answer',
      cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
    });
    expect(JSON.stringify(line?.['err'])).toContain('log.test');
  });

  it('ends a chain of causes that goes round', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(JSON.stringify(logged((logger) => logger.error({ err: first }, 'Failed')))).toContain('second');
  });

  it('writes no secret, at the top or one level below', () => {
    const text = JSON.stringify(
      logged((logger) => {
        logger.info(
          { token: 's3cret', request: { headers: { Authorization: 's3cret' } }, tls: { key: 's3cret' } },
          'Sent',
        );
        logger.info({ array: { password: 's3cret', key: 's3cret' } }, 'Opened');
      }),
    );
    expect(text).not.toContain('s3cret');
    expect(text).toContain('[redacted]');
  });
});
