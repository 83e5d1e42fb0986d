import { describe, expect, it } from 'vitest';
import { type CommandLine, type Config, parseCommandLine } from '../../src/daemon/config.ts';
import { formatDuration, parseDuration } from '../../src/daemon/duration.ts';
import { OPTIONS } from '../../src/daemon/options.ts';

function parse(args: string[], env: Record<string, string> = {}): CommandLine {
  return parseCommandLine({ args, env, version: '1.2.3' });
}

function configOf(args: string[], env: Record<string, string> = {}): Config {
  const result = parse(args, env);
  if (result.kind !== 'Run') throw new Error(JSON.stringify(result));
  return result.config;
}

describe('parseCommandLine', () => {
  it('has a default for everything', () => {
    expect(configOf([])).toEqual({
      kubeconfig: undefined,
      namespace: undefined,
      operatorNamespace: 'lunresync-system',
      leaderElect: true,
      leaseName: 'lunresync',
      leaseTiming: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
      healthAddress: { host: '0.0.0.0', port: 8080 },
      progressIntervalMs: 10_000,
      referenceTimeoutMs: 300_000,
      workers: 8,
      pollIntervalMs: 1_000,
      logLevel: 'info',
    });
  });

  it('reads variables, and lets flags outweigh them', () => {
    const env = { LUNRESYNC_WORKERS: '3', LUNRESYNC_PROGRESS_INTERVAL: '30s', LUNRESYNC_LEADER_ELECT: 'false' };
    expect(configOf(['--workers=4', '--namespace', 'shop'], env)).toMatchObject({
      workers: 4,
      progressIntervalMs: 30_000,
      leaderElect: false,
      namespace: 'shop',
    });
    expect(configOf(['--leader-elect'], env).leaderElect).toBe(true);
    expect(configOf(['--no-leader-elect']).leaderElect).toBe(false);
  });

  it('reads IPv6 addresses, and serves nothing for an empty one', () => {
    expect(configOf(['--health-address=[::1]:0']).healthAddress).toEqual({ host: '::1', port: 0 });
    expect(configOf(['--health-address=']).healthAddress).toBeUndefined();
  });

  it('shows every mistake at once, with where it was made', () => {
    const result = parse(['--workers=0', '--poll-interval=5'], {
      LUNRESYNC_LOG_LEVEL: 'loud',
      LUNRESYNC_NAMESPACE: 'A',
    });
    expect(result.kind).toBe('Invalid');
    const message = result.kind === 'Invalid' ? result.message : '';
    expect(message).toContain('--workers: "0" must be at least 1');
    expect(message).toContain('--poll-interval: "5" must be a duration such as 1s, in 100ms..1m');
    expect(message).toContain('LUNRESYNC_LOG_LEVEL: "loud"');
    expect(message).toContain('LUNRESYNC_NAMESPACE: "A" must be a Kubernetes name');
  });

  it.each([
    [['--renew-deadline=15s'], '--renew-deadline: 15s must be shorter than --lease-duration, 15s'],
    [['--lease-duration=10s'], '--renew-deadline: 10s must be shorter than --lease-duration, 10s'],
    [['--lease-duration=15500ms'], '--lease-duration: 15500ms must be whole seconds'],
    [['--retry-period=6s'], '--retry-period: 6s must be at most half of --renew-deadline, 10s'],
  ])('refuses times of the lease with which two could lead: %j', (args, why) => {
    expect(parse(args)).toMatchObject({ kind: 'Invalid', message: expect.stringContaining(why) });
  });

  it.each([['--wokers=3'], ['positional'], ['--workers']])('refuses %s', (argument) => {
    expect(parse([argument])).toMatchObject({ kind: 'Invalid' });
  });

  it('prints its version, and a help text that names every option with its variable and default', () => {
    expect(parse(['--version'])).toEqual({ kind: 'Print', text: '1.2.3\n' });
    const help = parse(['--help', '--workers=0']);
    const text = help.kind === 'Print' ? help.text : '';
    for (const flag of Object.keys(OPTIONS)) expect(text).toContain(flag);
    expect(text).toContain('--reference-timeout <0s..24h>');
    expect(text).toContain('(default 5m) [LUNRESYNC_REFERENCE_TIMEOUT]');
  });
});

describe('durations', () => {
  it('are whole numbers with a unit', () => {
    expect(['500ms', '10s', '5m', '24h', '0s'].map(parseDuration)).toEqual([500, 10_000, 300_000, 86_400_000, 0]);
    expect(['', '5', '1.5s', '-1s', '5 m', '5d', '9999999999s'].map(parseDuration)).toEqual(Array(7).fill(undefined));
  });

  it('are written as they are read', () => {
    for (const text of ['500ms', '10s', '5m', '24h', '0s', '90s'])
      expect(formatDuration(parseDuration(text) ?? -1)).toBe(text);
  });
});
