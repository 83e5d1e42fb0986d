/** How the plugin's process ends: an interface, told in the help and in docs/kubectl-plugin.md. */

export const EXIT = {
  /** The command did what it was told; of a watched run: it succeeded. */
  Success: 0,
  /** The command line makes no sense, or something else went wrong. */
  Error: 1,
  /** The watched run ended without success. */
  Failed: 2,
  /** The watched run was cancelled. */
  Cancelled: 3,
  /** There is no such object, or it was deleted while it was watched. */
  NotFound: 4,
  /** The API server does not know who asks, or does not allow it. */
  NotAllowed: 5,
  /** `--timeout` has passed and the run goes on. As timeout(1) ends. */
  TimedOut: 124,
  /** Ctrl-C: watching has stopped and the run goes on. 128 + SIGINT, as a shell counts. */
  Interrupted: 130,
  /** SIGTERM, with the same meaning. */
  Terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the help says of each code. */
export const EXIT_CODE_LINES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.Success, 'done; of a watched run: it succeeded'],
  [EXIT.Error, 'wrong usage, or another error'],
  [EXIT.Failed, 'the watched run failed'],
  [EXIT.Cancelled, 'the watched run was cancelled'],
  [EXIT.NotFound, 'there is no such LunResync, or it was deleted while it was watched'],
  [EXIT.NotAllowed, 'not allowed by the API server'],
  [EXIT.TimedOut, '--timeout has passed; the run goes on'],
  [EXIT.Interrupted, 'Ctrl-C; the run goes on'],
  [EXIT.Terminated, 'SIGTERM; the run goes on'],
];
