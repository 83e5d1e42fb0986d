/** Errors as one sentence for people, with the exit code that scripts see. */
import { ApiFailure } from '../kubernetes/api-error.ts';
import { CommandFailure } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { plain } from './text.ts';

export function describeFailure(error: unknown): { readonly exitCode: ExitCode; readonly message: string } {
  if (error instanceof CommandFailure) return { exitCode: error.exitCode, message: plain(error.message).text };
  if (error instanceof ApiFailure) return describeApiFailure(error);
  const message = plain(error instanceof Error ? error.message : String(error)).text;
  return { exitCode: EXIT.Error, message };
}

function describeApiFailure(failure: ApiFailure): { readonly exitCode: ExitCode; readonly message: string } {
  const { kind, code } = failure.error;
  const said = plain(failure.error.message).text;
  switch (kind) {
    case 'Unauthorized':
      return {
        exitCode: EXIT.NotAllowed,
        message: `the API server does not know you: ${said}. Renew your credentials`,
      };
    case 'Forbidden':
      return { exitCode: EXIT.NotAllowed, message: said };
    case 'NotFound':
      return { exitCode: EXIT.NotFound, message: said };
    case 'Unavailable':
      return { exitCode: EXIT.Error, message: unavailable(failure, said) };
    default:
      return { exitCode: EXIT.Error, message: code === 0 ? `${failure.request}: ${said}` : said };
  }
}

/** A 404 that is about no object means that nobody serves the resource. */
function unavailable({ request, error: { code } }: ApiFailure, said: string): string {
  if (code === 404) return 'the cluster has no LunResyncs: install the CustomResourceDefinitions of deploy/crds';
  if (code === 0) return `the API server gives no answer: ${said}`;
  return `${request}: ${said}`;
}
